// HTTP/2 towards the service: what only it has.
import http2 from "node:http2";
import t, { type Test } from "tap";
import type { State } from "../../../src/control/state.ts";
import { RawClient } from "../../support/client.ts";
import { FramePeer, type FrameScript } from "../../support/framepeer.ts";
import { END_STREAM } from "../../support/frames.ts";
import { values } from "../../support/message.ts";
import { HELLO, Nginx } from "../../support/nginx.ts";
import { settings } from "../../support/settings.ts";
import { addressOf, startHere, startReloadable } from "../../support/sidecar.ts";
import { ACCEPT, HANDSHAKE } from "../../support/websocket.ts";
import { clientOf, Service } from "./pairs.ts";

const REFUSED_STREAM = 7;

/** What the admin listener says of the only cluster's endpoints. */
async function endpoints(admin: { readonly text: string }): Promise<readonly unknown[]> {
  const state: State = JSON.parse(await (await fetch(`http://${admin.text}/state`)).text());
  return state.clusters[0]?.endpoints ?? [];
}

async function peerOf(t: Test, script: FrameScript): Promise<FramePeer> {
  const peer = await FramePeer.listen(script);
  t.teardown(() => peer.close());
  return peer;
}

const answers: FrameScript = {
  request: (link, stream) =>
    link.headers(stream, { ":status": "200", "x-who": "good" }, END_STREAM),
};

t.test("what is refused goes to another endpoint, a POST with its body, too", async (t) => {
  const good = await peerOf(t, answers);
  const ends: readonly FrameScript[] = [
    { request: (link, stream) => link.rst(stream, REFUSED_STREAM) },
    { request: (link) => link.goaway(0, 0) },
  ];
  for (const script of ends) {
    const bad = await peerOf(t, script);
    const text = settings(good.address, {
      cluster: { protocol: "http2", endpoints: [bad.address.text, good.address.text] },
    });
    const sidecar = await startHere(text);
    const client = clientOf("http1", addressOf(sidecar));
    t.teardown(() => sidecar.close());
    for (let i = 0; i < 6; i++) {
      const call = await client.ask({ method: "POST", body: Buffer.from("hello") }).ended();
      t.match(call, { status: 200, fields: { "x-who": "good" } });
    }
    client.close();
    t.ok(bad.links[0]?.of("HEADERS").length, "the other one was asked");
  }
});

t.test("what is refused everywhere is 502, and the log's word for it is refused", async (t) => {
  const bad = await peerOf(t, { request: (link, stream) => link.rst(stream, REFUSED_STREAM) });
  const sidecar = await startHere(settings(bad.address, { cluster: { protocol: "http2" } }));
  t.teardown(() => sidecar.close());
  const client = clientOf("http1", addressOf(sidecar));
  const call = await client.ask().ended();
  t.match(call, { status: 502, body: "upstream_reset" });
  client.close();
  const metrics = await (await fetch(`http://${addressOf(sidecar, "health").text}/metrics`)).text();
  t.match(metrics, /tidegate_attempts_total\{.*outcome="refused"\} 2/);
  t.match(metrics, /tidegate_retries_total\{.*outcome="refused"\} 1/);
});

t.test("a client that leaves cancels its stream within 100 ms", async (t) => {
  const peer = await peerOf(t, {});
  const sidecar = await startHere(settings(peer.address, { cluster: { protocol: "http2" } }));
  t.teardown(() => sidecar.close());
  const client = clientOf("http1", addressOf(sidecar));
  t.teardown(() => client.close());
  for (const body of [undefined, "open"] as const) {
    const call = client.ask(body === undefined ? {} : { method: "POST", body });
    const link = () => peer.links[0];
    const before = link()?.of("RST_STREAM").length ?? 0;
    const streams = link()?.of("HEADERS").length ?? 0;
    await peer.bell.until(() => (link()?.of("HEADERS").length ?? 0) > streams);
    call.abort();
    await peer.bell.until(() => (link()?.of("RST_STREAM").length ?? 0) > before);
    t.equal(link()?.of("RST_STREAM").at(-1)?.payload.readUInt32BE(), 8, "CANCEL");
  }
});

t.test("auto: gRPC goes by HTTP/2, everything else by HTTP/1.1; /state tells", async (t) => {
  const [grpc, rest] = [await Service.start("http2"), await Service.start("http1")];
  t.teardown(() => Promise.all([grpc.close(), rest.close()]));
  const { sidecar, reload } = await startReloadable(settings(grpc.address));
  t.teardown(() => sidecar.close());
  const client = clientOf("http1", addressOf(sidecar));
  t.teardown(() => client.close());
  const call = {
    method: "POST",
    body: Buffer.alloc(5),
    fields: { "content-type": "application/grpc+proto" },
  };
  t.match(await client.ask(call).ended(), { status: 200, body: "ok" });
  const [endpoint] = await endpoints(addressOf(sidecar, "admin"));
  t.match(endpoint, { connections: 1, http2: { sessions: 1, streams: 0, waiting: 0 } });
  t.not((await client.ask({ method: "POST", body: Buffer.alloc(5) }).ended()).status, 200);
  await reload(settings(grpc.address, { cluster: { protocol: "http2" } }));
  t.match(await client.ask().ended(), { status: 200 }, "now everything goes by HTTP/2");
  await reload(settings(rest.address, { cluster: { protocol: "http1" } }));
  t.match(await client.ask(call).ended(), { status: 200 }, "now nothing does");
});

t.test("a reload changes the protocol of an endpoint that stays", async (t) => {
  const service = await Service.start("http2");
  t.teardown(() => service.close());
  const { sidecar, reload } = await startReloadable(
    settings(service.address, { cluster: { protocol: "http2" } }),
  );
  t.teardown(() => sidecar.close());
  const client = clientOf("http1", addressOf(sidecar));
  t.teardown(() => client.close());
  t.match(await client.ask().ended(), { status: 200 });
  await reload(settings(service.address, { cluster: { protocol: "http1" } }));
  t.not((await client.ask().ended()).status, 200, "it speaks no HTTP/1.1");
  await reload(settings(service.address, { cluster: { protocol: "http2" } }));
  t.match(await client.ask().ended(), { status: 200 });
});

t.test("a WebSocket of HTTP/1.1 is an extended CONNECT towards the service", async (t) => {
  const server = http2.createServer({ settings: { enableConnectProtocol: true } });
  server.on("stream", (stream: http2.ServerHttp2Stream, headers) => {
    if (headers[":method"] !== "CONNECT") return stream.close();
    stream.respond({ ":status": 200 });
    stream.on("data", (chunk: Buffer) => stream.write(chunk));
    stream.on("end", () => stream.end());
    stream.on("error", () => {});
  });
  const service = await new Promise<number>((done) => {
    server.listen(0, "127.0.0.1", () => {
      const bound = server.address();
      done(bound !== null && typeof bound === "object" ? bound.port : 0);
    });
  });
  const text = `127.0.0.1:${service}`;
  const sidecar = await startHere(
    settings(
      { kind: "tcp", host: "127.0.0.1", port: service, text },
      {
        cluster: { protocol: "http2" },
      },
    ),
  );
  t.teardown(async () => {
    await sidecar.close();
    await new Promise((done) => server.close(done));
  });
  const client = await RawClient.connect(addressOf(sidecar));
  client.request("GET", HANDSHAKE);
  const response = await client.response();
  t.equal(response.status, 101);
  t.strictSame(values(response.fields, "sec-websocket-accept"), [ACCEPT]);
  client.write("echo this");
  await client.bell.until(() => client.rest.toString() === "echo this" || client.closed);
  t.equal(client.rest.toString(), "echo this");
  client.close();
});

t.test("nginx, which ends a session after every thousand requests: nothing is lost", async (t) => {
  const big = Buffer.alloc(1_000_000, "nginx");
  const nginx = await Nginx.start({ "big.bin": big }, false, 1000);
  const sidecar = await startHere(settings(nginx.address, { cluster: { protocol: "http2" } }));
  const client = clientOf("http2", addressOf(sidecar));
  t.teardown(async () => {
    client.close();
    await sidecar.close();
    await nginx.stop();
  });
  let good = 0;
  const worker = async (): Promise<void> => {
    for (let i = 0; i < 200; i++) {
      const call = await client.ask({ path: i % 50 === 0 ? "/big.bin" : "/" }).ended();
      const size = i % 50 === 0 ? big.length : HELLO.length;
      if (call.status === 200 && call.whole && call.bytes === size) good++;
    }
  };
  await Promise.all(Array.from({ length: 30 }, worker));
  t.equal(good, 6000);
});
