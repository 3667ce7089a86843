// How calls of gRPC end, in the metrics, the log and the breaker's eyes.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { FramePeer, type FrameScript } from "../support/framepeer.ts";
import { END_STREAM } from "../support/frames.ts";
import { call } from "../support/grpc.ts";
import { Http2Client } from "../support/http2.ts";
import { scrape } from "../support/scrape.ts";
import { scratch } from "../support/scratch.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";

/** Answers with a head, a message if there is one, and trailers. */
function ends(status: string, head: Readonly<Record<string, string>> = {}): FrameScript {
  return {
    request: (link, stream) => {
      link.headers(stream, { ":status": "200", "content-type": "application/grpc", ...head });
      link.data(stream, "\0\0\0\0\0");
      link.headers(stream, { "grpc-status": status }, END_STREAM);
    },
  };
}

/** Everything in one head. */
function trailersOnly(status: string, head: Readonly<Record<string, string>> = {}): FrameScript {
  return {
    request: (link, stream) =>
      link.headers(stream, { ":status": "200", "grpc-status": status, ...head }, END_STREAM),
  };
}

async function open(t: Test, script: FrameScript, wanted: Settings = {}) {
  const peer = await FramePeer.listen(script);
  const folder = scratch();
  const file = join(folder.path, "access.log");
  const log = { access: "errors", level: "error", file };
  const sidecar = await startHere(settings(peer.address, { log, ...wanted }));
  const client = await Http2Client.connect(addressOf(sidecar));
  const ended = async () => {
    await client.close();
    await sidecar.close();
    await peer.close();
    folder.remove();
  };
  t.teardown(ended);
  const metric = (name: string, labels: string) =>
    scrape(addressOf(sidecar, "health"), name, labels);
  const metricIs = async (name: string, labels: string, value: number) => {
    while ((await metric(name, labels)) !== value);
  };
  const lines = async (): Promise<readonly Record<string, unknown>[]> => {
    await client.close();
    await sidecar.close();
    const text = readFileSync(file, "latin1").trim();
    return text === "" ? [] : text.split("\n").map((line) => JSON.parse(line));
  };
  return { peer, client, metric, metricIs, lines };
}

for (const [status, label, logged] of [
  ["0", "0", false],
  ["5", "5", true],
  ["14", "14", true],
  ["99", "other", true],
] as const) {
  for (const [form, script] of Object.entries({ trailers: ends, head: trailersOnly })) {
    t.test(`status ${status} in the ${form}`, async (t) => {
      const { client, metricIs, lines } = await open(t, script(status));
      const told = await call(client, "/a.B/C", {});
      t.equal(told.trailers["grpc-status"] ?? told.fields["grpc-status"], status);
      await metricIs("grpc_requests_total", `grpc_status="${label}"`, 1);
      await metricIs("requests_total", 'code="200"', 1);
      const want = { status: 200, grpc_status: Number(status), ending: "complete" };
      t.match(await lines(), logged ? [want] : []);
    });
  }
}

t.test(
  "a stream that is reset before the head is what its code says, as gRPC has it",
  async (t) => {
    const codes = { 0: "13", 2: "13", 7: "14", 8: "1", 11: "8" };
    const { client, peer, metricIs } = await open(t, {}, { retry: { attempts: 0 } });
    for (const [code, status] of Object.entries(codes)) {
      peer.script = { ...peer.script, request: (link, id) => link.rst(id, Number(code)) };
      const { fields } = await call(client, "/", {});
      t.match(fields, { "grpc-status": status, "x-tidegate-reason": "upstream_reset" }, code);
    }
    await metricIs("grpc_requests_total", 'grpc_status="13"', 2);
    await metricIs("grpc_requests_total", 'grpc_status="8"', 1);
    const gone: FrameScript = { request: (link) => void link.socket.destroy() };
    peer.script = { ...peer.script, ...gone };
    const { fields } = await call(client, "/", {});
    t.match(fields, { "grpc-status": "14" }, "the connection has ended");
    peer.script = { ...peer.script, request: (link, id) => link.rst(id, 11) };
    t.match(await client.ask("/", { fields: { ":method": "POST" } }), { status: 502 });
  },
);

t.test("a refusal counts by its code, too", async (t) => {
  const { client, metricIs, lines } = await open(t, {}, { match: { path: "/only" } });
  await call(client, "/", {});
  await call(client, `/${"x".repeat(9000)}`, {});
  await metricIs("grpc_requests_total", 'route="-",grpc_status="12"', 1);
  await metricIs("grpc_requests_total", 'route="-",grpc_status="8"', 1);
  t.match(await lines(), [
    { status: 200, grpc_status: 12, reason: "no_route" },
    { status: 200, grpc_status: 8, reason: "uri_too_long" },
  ]);
});

t.test("an answer without a status is what a client makes of it", async (t) => {
  const { client, metricIs } = await open(t, {
    request: (link, stream) => link.headers(stream, { ":status": "404" }, END_STREAM),
  });
  t.match(await call(client, "/", {}), { status: 404 });
  await metricIs("grpc_requests_total", 'grpc_status="12"', 1);
});

t.test("a call that its client cancels, and one that breaks off", async (t) => {
  const { client, peer, metricIs } = await open(t, {
    request: (link, stream) => link.headers(stream, { ":status": "200" }),
  });
  const stream = client.open("/", { ":method": "POST", "content-type": "application/grpc" });
  await new Promise((done) => stream.once("response", done));
  stream.close(8);
  await metricIs("grpc_requests_total", 'grpc_status="1"', 1);
  peer.script = {
    ...peer.script,
    request: (link, id) => {
      link.headers(id, { ":status": "200" });
      link.data(id, "x");
      link.rst(id, 2);
    },
  };
  t.equal((await call(client, "/", {})).code, 2);
  await metricIs("grpc_requests_total", 'grpc_status="13"', 1);
});

t.test(
  "calls that fail by their trailers open the breaker; those that are wrong do not",
  async (t) => {
    const breaker = { consecutiveFailures: 3, minimumHealthy: 0, open: { base: "60s" } };
    const { client, peer } = await open(t, ends("5"), { cluster: { breaker } });
    const states = async (script: FrameScript) => {
      peer.script = { ...peer.script, ...script };
      for (let i = 0; i < 3; i++) await call(client, "/", {});
      return (await call(client, "/", {})).fields["grpc-message"];
    };
    t.equal(await states(ends("5")), undefined);
    t.equal(await states(trailersOnly("14", { "x-tidegate-reason": "queue_full" })), undefined);
    t.equal(await states(ends("13")), "no_endpoint");
  },
);
