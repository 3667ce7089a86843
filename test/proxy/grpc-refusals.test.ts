// How calls of gRPC are refused: all of it in one head, whatever the path would say to others.
import t, { type Test } from "tap";
import { tcpAddress } from "../../src/core/address.ts";
import { RawClient } from "../support/client.ts";
import { CALL, call } from "../support/grpc.ts";
import { Http2Client } from "../support/http2.ts";
import { fire } from "../support/load.ts";
import { values } from "../support/message.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";

/** Nobody listens there. */
const NOBODY = tcpAddress("127.0.0.1", 1);
const ONCE = { attempts: 0 };

async function open(t: Test, wanted: Settings = {}) {
  const random = { next: () => 0.5, id: () => "id" };
  const sidecar = await startHere(settings(NOBODY, { retry: ONCE, ...wanted }), { random });
  const client = await Http2Client.connect(addressOf(sidecar));
  t.teardown(async () => {
    await client.close();
    await sidecar.close();
  });
  return { client, sidecar };
}

t.test("a refusal is one HEADERS frame that ends the stream", async (t) => {
  const { client } = await open(t, { match: { path: "/only" } });
  const stream = client.open("/a.B/C", { ":method": "POST", ...CALL });
  const [fields, flags] = await new Promise<[Record<string, unknown>, number]>((done) => {
    stream.once("response", (...event) => done([event[0], event[1]]));
  });
  t.equal(flags & 1, 1, "END_STREAM");
  t.match(fields, {
    ":status": 200,
    "content-type": "application/grpc",
    "grpc-status": "12",
    "grpc-message": "no_route",
    "x-tidegate-reason": "no_route",
  });
  t.equal(fields["grpc-retry-pushback-ms"], undefined, "it may come again, in vain");
  stream.close();
});

t.test("the codes are those of the reasons; pushback is where retry-after would be", async (t) => {
  const { client } = await open(t);
  const failed = await call(client, "/a.B/C", {});
  t.match(failed, {
    status: 200,
    fields: { "grpc-status": "14", "grpc-message": "connect_failed" },
  });
  t.equal(failed.fields["grpc-retry-pushback-ms"], undefined, "502 has no retry-after either");
  t.equal(failed.fields["retry-after"], undefined);
  const long = await call(client, `/${"x".repeat(9000)}`, {});
  t.match(long, { status: 200, fields: { "grpc-status": "8", "grpc-message": "uri_too_long" } });
  const many = Object.fromEntries(Array.from({ length: 120 }, (_, i) => [`x-${i}`, "y"]));
  t.match(await call(client, "/", many), { fields: { "grpc-status": "8" } });
  const bad = await call(client, "/", { host: "b.test" });
  t.match(bad, { status: 200, fields: { "grpc-status": "13", "grpc-message": "bad_request" } });
});

t.test("503 says when to come again, in milliseconds; nothing changes for others", async (t) => {
  const breaker = { consecutiveFailures: 1, minimumHealthy: 0, open: { base: "60s" } };
  const { client } = await open(t, { cluster: { breaker } });
  await call(client, "/", {});
  const refused = await call(client, "/", {});
  t.match(refused.fields, {
    "grpc-status": "14",
    "grpc-message": "no_endpoint",
    "grpc-retry-pushback-ms": "2500",
  });
  t.equal(refused.fields["retry-after"], undefined);
  const other = await client.ask("/", { fields: {}, body: "hello" });
  t.match(other, { status: 503, fields: { "retry-after": "2" } });
});

t.test("a fallback stands in for a call only if it is an answer of gRPC", async (t) => {
  const html = { status: 503, contentType: "text/html", body: "<p>" };
  const { client } = await open(t, { cluster: { fallback: html } });
  t.match(await call(client, "/", {}), {
    status: 200,
    fields: { "grpc-status": "14", "x-tidegate-tier": undefined },
  });
  t.match(await client.ask("/", { body: "x" }), {
    status: 503,
    fields: { "x-tidegate-tier": "fallback" },
  });

  const empty = { status: 200, contentType: "application/grpc", headers: { "grpc-status": "0" } };
  const grpc = await open(t, { cluster: { fallback: empty } });
  t.match(await call(grpc.client, "/", {}), {
    fields: {
      "grpc-status": "0",
      "x-tidegate-tier": "fallback",
      "grpc-retry-pushback-ms": undefined,
    },
  });
  const whole = await open(t, { cluster: { fallback: { ...empty, body: "\0\0\0\0\0" } } });
  const told = await call(whole.client, "/", {});
  t.match(told.trailers, { "grpc-status": "0" });
  t.equal(told.body.length, 5);
});

t.test("the same over HTTP/1.1, which ends with the head, too", async (t) => {
  const { sidecar } = await open(t);
  const raw = await RawClient.connect(addressOf(sidecar));
  t.teardown(() => raw.close());
  const lines = Object.entries(CALL).map(([name, value]) => `${name}: ${value}`);
  const head = ["POST / HTTP/1.1", "Host: a.test", "Content-Length: 1", ...lines].join("\r\n");
  const shot = await fire(raw, 0, ["POST", `${head}\r\n\r\nx`]);
  t.match(shot, { status: 200, body: "", reason: "connect_failed" });
  t.same(values(shot.response?.fields ?? [], "grpc-status"), ["14"]);
  const bad = `${head}\r\nX Y: z\r\n\r\nx`;
  t.equal(
    (await fire(raw, 0, ["POST", bad])).status,
    400,
    "of a broken head nobody knows what it was",
  );
});
