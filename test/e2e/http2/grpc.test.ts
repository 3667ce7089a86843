// gRPC through the sidecar, between clients and services of @grpc/grpc-js: the interoperability tests of gRPC.
import { join } from "node:path";
import { Metadata, status } from "@grpc/grpc-js";
import t, { type Test } from "tap";
import { tcpAddress } from "../../../src/core/address.ts";
import { Daemon } from "../../support/daemon.ts";
import { lookUntil } from "../../support/look.ts";
import { run } from "../../support/process.ts";
import { scrape } from "../../support/scrape.ts";
import { type Settings, settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import { pythonWith } from "../../support/tool.ts";
import { CallClient, CallService, ended, type Message } from "./calls.ts";

/** Nobody listens there. */
const NOBODY = tcpAddress("127.0.0.1", 1);
const SPECIAL = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
const SIZES = [31_415, 9, 2653, 58_979];

async function world(t: Test, wanted: Settings = {}) {
  const service = await CallService.start();
  const sidecar = await startHere(settings(service.address, wanted));
  const client = new CallClient(addressOf(sidecar));
  t.teardown(async () => {
    client.close();
    await sidecar.close();
    service.close();
  });
  return { service, client, health: addressOf(sidecar, "health") };
}

function lengths(messages: readonly Message[]): readonly unknown[] {
  return messages.map(({ body }) => body?.length);
}

t.test("empty and large unary calls", async (t) => {
  const { client } = await world(t);
  t.match(await client.unary({}), { code: status.OK, messages: [{}] });
  const large = await client.unary({ body: "x".repeat(271_828), sizes: [314_159] });
  t.equal(large.code, status.OK);
  t.same(lengths(large.messages), [314_159]);
});

t.test("client streaming", async (t) => {
  const { client } = await world(t);
  const answer = await new Promise<Message | undefined>((done) => {
    const call = client.input(done);
    for (const size of [27_182, 8, 1828, 45_904]) call.write({ body: "x".repeat(size) });
    call.end();
  });
  t.same(answer, { sizes: [74_922] });
});

t.test("server streaming", async (t) => {
  const { client } = await world(t);
  const { code, messages } = await ended(client.output({ sizes: SIZES }));
  t.equal(code, status.OK);
  t.same(lengths(messages), SIZES);
});

t.test("ping-pong streaming, and a stream without a message", async (t) => {
  const { client } = await world(t);
  const call = client.duplex();
  const end = ended(call);
  const rest = [...SIZES];
  const next = () => {
    const size = rest.shift();
    if (size === undefined) call.end();
    else call.write({ sizes: [size] });
  };
  call.on("data", next);
  next();
  const { code, messages } = await end;
  t.equal(code, status.OK);
  t.same(lengths(messages), SIZES);
  const empty = client.duplex();
  empty.end();
  t.match(await ended(empty), { code: status.OK, messages: [] });
});

t.test("metadata of one's own, before and behind", async (t) => {
  const { client } = await world(t);
  const metadata = new Metadata();
  metadata.set("x-grpc-test-echo-initial", "test_initial_metadata_value");
  metadata.set("x-grpc-test-echo-trailing-bin", Buffer.from([0xab, 0xab, 0xab]));
  const call = client.duplex(metadata);
  call.write({ sizes: [1] });
  call.end();
  for (const each of await Promise.all([client.unary({}, metadata), ended(call)])) {
    t.same(each.head?.get("x-grpc-test-echo-initial"), ["test_initial_metadata_value"]);
    t.same(each.trailers.get("x-grpc-test-echo-trailing-bin"), [Buffer.from([0xab, 0xab, 0xab])]);
  }
});

t.test("status code and message, with special characters, and unimplemented", async (t) => {
  const { client } = await world(t);
  for (const details of ["test status message", SPECIAL]) {
    const asked = { status: { code: status.UNKNOWN, details } };
    t.match(await client.unary(asked), { code: status.UNKNOWN, details });
    const call = client.duplex();
    call.write(asked);
    t.match(await ended(call), { code: status.UNKNOWN, details });
  }
  t.equal(await client.unknown(), status.UNIMPLEMENTED);
});

t.test("cancelled after it has begun, and after the first answer", async (t) => {
  const { client, service } = await world(t);
  const begun = client.input(() => {});
  const over = new Promise((done) => begun.on("status", ({ code }) => done(code)));
  begun.write({ body: "x" });
  await service.bell.until(() => service.calls === 1);
  begun.cancel();
  t.equal(await over, status.CANCELLED);
  await service.bell.until(() => service.cancelled === 1);
  const answered = client.duplex();
  const end = ended(answered);
  answered.on("data", () => answered.cancel());
  answered.write({ sizes: [31_415] });
  t.match(await end, { code: status.CANCELLED });
  await service.bell.until(() => service.cancelled === 2);
});

t.test("a deadline at a service that sleeps, whoever keeps it", async (t) => {
  const { client, service, health } = await world(t);
  const call = client.duplex(new Metadata(), { deadline: Date.now() + 50 });
  call.write({ sleeps: true });
  t.match(await ended(call), { code: status.DEADLINE_EXCEEDED });
  const unary = await client.unary({ sleeps: true }, new Metadata(), { deadline: Date.now() + 50 });
  t.match(unary, { code: status.DEADLINE_EXCEEDED });
  await service.bell.until(() => service.cancelled === 2);
  await lookUntil(async () => (await scrape(health, "grpc_requests_total")) === 2, "both counted");
});

t.test("the route's own limit is DEADLINE_EXCEEDED, too", async (t) => {
  const { client } = await world(t, { timeout: "50ms" });
  t.match(await client.unary({ sleeps: true }), {
    code: status.DEADLINE_EXCEEDED,
    details: "upstream_timeout",
  });
});

t.test("refusals have their code, and say when to come again", async (t) => {
  const { client } = await world(t, { match: { path: "/only" } });
  t.match(await client.unary({}), { code: status.UNIMPLEMENTED, details: "no_route" });
  const breaker = { consecutiveFailures: 1, minimumHealthy: 0, open: { base: "60s" } };
  const cluster = { endpoints: [NOBODY.text], breaker };
  const { client: other } = await world(t, { cluster, retry: { attempts: 0 } });
  t.match(await other.unary({}), { code: status.UNAVAILABLE, details: "connect_failed" });
  const refused = await other.unary({});
  t.match(refused, { code: status.UNAVAILABLE, details: "no_endpoint" });
  t.same(refused.trailers.get("x-tidegate-reason"), ["no_endpoint"]);
  const [pushback] = refused.trailers.get("grpc-retry-pushback-ms");
  t.ok(Number(pushback) >= 1000 && Number(pushback) <= 4000, String(pushback));
});

t.test("the service is probed by the protocol that it speaks", async (t) => {
  const { client, service, health } = await world(t, {
    cluster: { protocol: "http2", healthCheck: { grpc: {}, interval: "100ms", fall: 1, rise: 1 } },
  });
  const probed = async () => (await scrape(health, "health_checks_total", 'result="ok"')) > 0;
  await lookUntil(probed, "a probe");
  t.match(await client.unary({}), { code: status.OK });
  service.healthy = false;
  await lookUntil(async () => (await scrape(health, "endpoint_healthy")) === 0, "unhealthy");
  t.match(await client.unary({}), { code: status.UNAVAILABLE, details: "no_endpoint" });
});

t.test("a client of gRPC's own library, from C", async (t) => {
  const service = await CallService.start();
  const daemon = await Daemon.start(settings(service.address));
  t.teardown(async () => {
    await daemon.stop();
    service.close();
  });
  const script = join(import.meta.dirname, "grpc_client.py");
  const { stdout } = await run(pythonWith("grpc"), [script, daemon.inbound.text]);
  const lines = stdout.trim().split("\n");
  t.match(
    lines.map((line) => JSON.parse(line)),
    [
      ["unary", "OK", 100_000],
      ["status", "NOT_FOUND", "☺ %"],
      ["unknown", "UNIMPLEMENTED"],
      ["input", "OK", { sizes: [321] }],
      ["output", "OK", [1, 70_000]],
      ["duplex", "OK", 3],
      ["deadline", "DEADLINE_EXCEEDED"],
      ["after", "OK", {}],
    ],
  );
});
