// How long a call of gRPC may take, by what its client says: for the endpoint, and for the call.
import t, { type Test } from "tap";
import { timeoutMs } from "../../src/core/grpc.ts";
import { callTimeout } from "../../src/proxy/headers.ts";
import { Service } from "../e2e/http2/pairs.ts";
import { FramePeer, type FrameScript } from "../support/framepeer.ts";
import { CALL, call } from "../support/grpc.ts";
import { Http2Client } from "../support/http2.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { request, sent } from "./heads.ts";

const CANCEL = 8;
const OK: FrameScript = {
  request: (link, stream) => link.headers(stream, { ":status": "200", "grpc-status": "0" }, 1),
};
/** The head comes, the trailers do not. */
const HEAD: FrameScript = { request: (link, stream) => link.headers(stream, { ":status": "200" }) };

async function open(t: Test, script: FrameScript, wanted: Settings = {}) {
  const peer = await FramePeer.listen(script);
  const sidecar = await startHere(settings(peer.address, wanted));
  const client = await Http2Client.connect(addressOf(sidecar));
  t.teardown(async () => {
    await client.close();
    await sidecar.close();
    await peer.close();
  });
  const cancelled = () =>
    peer.bell.until(() => {
      const last = peer.links.flatMap((link) => link.of("RST_STREAM")).at(-1);
      return last?.payload.readUInt32BE() === CANCEL;
    });
  return { peer, client, cancelled };
}

t.test("the endpoint is told what is left, and never more", async (t) => {
  const lines = [...Object.entries(CALL).map((line) => line.join(": ")), "grpc-timeout: 10S"];
  const head = request(lines, "POST / HTTP/1.1");
  t.same(sent(head, { timed: true, remainingMs: 1500.5 })["grpc-timeout"], ["1500m"]);
  t.same(sent(head, { timed: true, remainingMs: 0.25 })["grpc-timeout"], ["250u"]);
  t.same(sent(head)["grpc-timeout"], ["10S"], "what is no call is none of our business");
  t.equal(callTimeout(head), 10_000);
});

for (const [timeout, most] of [
  ["15s", 10_000],
  ["5s", 5000],
  ["0s", 10_000],
] as const) {
  t.test(`with ${timeout} for the route and 10S from the client`, async (t) => {
    const service = await Service.start("http2");
    let told: unknown;
    service.handler = ({ headers }, answering) => {
      told = headers["grpc-timeout"];
      answering.setHeader("grpc-status", "0");
      answering.end();
    };
    const sidecar = await startHere(settings(service.address, { timeout }));
    const client = await Http2Client.connect(addressOf(sidecar));
    t.teardown(async () => {
      await client.close();
      await sidecar.close();
      await service.close();
    });
    await call(client, "/a.B/C", { "grpc-timeout": "10S" });
    const ms = timeoutMs(String(told));
    t.ok(ms <= most && ms > most - 4000, String(told));
    await call(client, "/a.B/C", {});
    t.equal(told, undefined, "a stream without an end goes on without one");
  });
}

t.test("no head in time: DEADLINE_EXCEEDED, and the endpoint need not go on", async (t) => {
  const { client, cancelled } = await open(t, {});
  const told = await call(client, "/a.B/C", { "grpc-timeout": "50m" });
  t.match(told, {
    status: 200,
    fields: { "grpc-status": "4", "grpc-message": "upstream_timeout" },
  });
  await cancelled();
});

t.test("no trailers in time: the same in the trailers", async (t) => {
  const { client, cancelled } = await open(t, HEAD);
  const told = await call(client, "/a.B/C", { "grpc-timeout": "50m" });
  t.match(told, {
    status: 200,
    trailers: { "grpc-status": "4", "grpc-message": "upstream_timeout" },
    code: 0,
  });
  await cancelled();
});

t.test("a client that takes no trailers sees a reset", async (t) => {
  const { client, cancelled } = await open(t, HEAD);
  const { te: _, ...fields } = CALL;
  const told = await client.ask("/a.B/C", {
    fields: { ...fields, "grpc-timeout": "50m" },
    body: "x",
  });
  t.match(told, { status: 200, code: 2 });
  await cancelled();
});

t.test("a time that is over, or cannot be read, is refused before any work", async (t) => {
  const { client, peer } = await open(t, OK);
  t.match(await call(client, "/", { "grpc-timeout": "0S" }), {
    fields: { "grpc-status": "4", "grpc-message": "deadline_expired" },
  });
  for (const value of ["", "5", "1x", "123456789S", "-1S", "1.5S"]) {
    t.match(await call(client, "/", { "grpc-timeout": value }), {
      fields: { "grpc-status": "13", "grpc-message": "bad_request" },
    });
  }
  t.match(await call(client, "/", { "grpc-timeout": ["1S", "2S"] }), {
    fields: { "grpc-status": "13" },
  });
  t.equal(peer.links.length, 0);
  t.match(await client.ask("/", { fields: { "grpc-timeout": "x" } }), { status: 502 });
});
