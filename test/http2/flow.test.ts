// What goes over streams, and how fast; what they begin and end with.
import { constants } from "node:http2";
import t from "tap";
import { until } from "../http1/endpoint.ts";
import { ACK, END_STREAM, frameOf, setting } from "../support/frames.ts";
import { frameBench, nodeBench } from "./peer.ts";

const HEAD = { ":status": "200" };

t.test("a head above the limit is malformed", async (t) => {
  const wanted = { responseHeaderBytes: 1024 };
  const { bench } = await frameBench(
    t,
    { request: (link, id) => link.headers(id, { ...HEAD, "x-a": "a".repeat(1100) }, END_STREAM) },
    wanted,
  );
  t.match(await bench.get().ended(), { failure: "malformed", detail: /larger than the limit/ });
});

t.test("the client's abort resets the stream with CANCEL", async (t) => {
  const { bench, peer } = await frameBench(t, {});
  const stream = bench.take();
  bench.get(stream);
  await peer.bell.until(() => peer.links[0]?.of("HEADERS").length === 1);
  stream.destroy();
  await peer.bell.until(() => peer.links[0]?.of("RST_STREAM").length === 1);
  const [reset] = peer.links[0]?.of("RST_STREAM") ?? [];
  t.equal(reset?.payload.readUInt32BE(), constants.NGHTTP2_CANCEL);
  await until(() => bench.pool.streams.open === 0);
});

t.test("an early response ends the request that it does not wait for", async (t) => {
  const { bench } = await nodeBench(t, (stream) => {
    stream.respond({ ":status": 413 });
    stream.end("no");
  });
  const stream = bench.take();
  const listener = bench.post(stream);
  stream.write(Buffer.alloc(1000));
  t.match(await listener.ended(), { body: "no", whole: true });
  t.equal(stream.write(Buffer.alloc(1000)), true, "it goes nowhere");
  stream.end("");
  await until(() => bench.pool.streams.open === 0);
});

t.test("a body of which nothing comes is cut after its time; a slow client's is not", async (t) => {
  const { bench, peer } = await frameBench(t, {
    request(link, id) {
      link.headers(id, HEAD);
      link.data(id, "a");
    },
  });
  const slow = bench.take();
  const [listener, idle] = [bench.get(slow), bench.take()];
  const other = bench.get(idle);
  await other.bell.until(() => other.body === "a" && listener.body === "a");
  slow.pause();
  slow.limitIdle(300);
  idle.limitIdle(300);
  bench.clock.pass(299);
  peer.links[0]?.data(3, "b");
  await other.bell.until(() => other.body === "ab");
  bench.clock.pass(299);
  t.equal(other.over, false);
  bench.clock.pass(400);
  t.match(other, { failure: "truncated", detail: /within 300 ms/ });
  t.equal(listener.over, false);
  slow.resume();
  bench.clock.pass(700);
  t.match(listener, { failure: "truncated" });
});

t.test(
  "a response that is here whole outlives its session, until the client takes it",
  async (t) => {
    const { bench } = await frameBench(t, {
      request(link, id) {
        link.headers(id, HEAD);
        link.data(id, "a");
        link.data(id, "bc", END_STREAM);
        link.goaway(id, 0);
        link.socket.end();
      },
    });
    const stream = bench.take();
    const listener = bench.get(stream);
    listener.onPiece = () => stream.pause();
    await until(() => bench.pool.size === 0);
    t.match(listener, { body: "a", over: false });
    listener.onPiece = undefined;
    stream.resume();
    t.match(listener, { body: "abc", whole: true });
  },
);

t.test("a client that reads slowly holds the endpoint back, and nobody else", async (t) => {
  const mebi = 1024 * 1024;
  const { bench } = await nodeBench(t, (stream) => {
    stream.respond({ ":status": 200 });
    stream.end(Buffer.alloc(4 * mebi, "x"));
  });
  const stream = bench.take();
  const listener = bench.get(stream);
  listener.onPiece = () => stream.pause();
  await listener.bell.until(() => listener.pieces > 0);
  const quick = await bench.get().ended();
  t.equal(quick.body.length, 4 * mebi);
  t.ok(listener.body.length < mebi);
  listener.onPiece = undefined;
  stream.resume();
  t.equal((await listener.ended()).body.length, 4 * mebi);
});

t.test("an endpoint that takes no more of a body holds the client back", async (t) => {
  const { bench, peer } = await frameBench(t, { greet: (link) => link.settings(setting(4, 10)) });
  const stream = bench.take();
  const listener = bench.post(stream);
  await until(() => bench.pool.streams.open === 1);
  let flows = true;
  for (let i = 0; i < 20 && flows; i++) flows = stream.write(Buffer.alloc(16 * 1024));
  t.strictSame([flows, stream.waits], [false, true]);
  const window = frameOf("WINDOW_UPDATE", 0, 1, Buffer.from([0x10, 0, 0, 0]));
  const whole = frameOf("WINDOW_UPDATE", 0, 0, Buffer.from([0x10, 0, 0, 0]));
  peer.links[0]?.send(window, whole);
  await listener.bell.until(() => listener.drains > 0);
  t.equal(stream.waits, false);
});

t.test("an upgrade is an extended CONNECT where the endpoint takes one", async (t) => {
  const seen: (readonly string[])[] = [];
  const { bench } = await nodeBench(
    t,
    (stream, raw) => {
      seen.push(raw);
      stream.respond({ ":status": 200 });
      stream.on("data", (chunk: Buffer) => stream.write(chunk));
      stream.on("end", () => stream.end());
    },
    { settings: { enableConnectProtocol: true } },
  );
  const stream = bench.take();
  const more =
    "connection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n";
  const listener = bench.get(stream, "GET", more);
  await listener.bell.until(() => listener.head !== undefined);
  t.match(listener.head, { status: 101, phrase: "Switching Protocols" });
  const fields = listener.head?.fields;
  t.strictSame(fields?.named("sec-websocket-accept"), ["s3pPLMBiTxaQ9kYGzzhZRbK+xOo="]);
  t.strictSame(fields?.named("upgrade"), ["websocket"]);
  stream.write(Buffer.from("ping"));
  await listener.bell.until(() => listener.body === "ping");
  stream.end("");
  t.match(await listener.ended(), { whole: true });
  t.strictSame(seen[0]?.slice(0, 4), [":method", "CONNECT", ":protocol", "websocket"]);
  t.notOk(seen[0]?.includes("sec-websocket-key"));
});

t.test("an upgrade fails at once where the endpoint takes none", async (t) => {
  const { bench } = await nodeBench(t, () => t.fail("it was sent"));
  const more = "connection: upgrade\r\nupgrade: websocket\r\n";
  const listener = await bench.get(bench.take(), "GET", more).ended();
  t.match(listener, { failure: "refused", detail: /RFC 8441/ });
  t.equal(bench.pool.streams.open, 0);
});

t.test("what waits for settings is not sent, and settings are answered", async (t) => {
  const { bench, peer } = await frameBench(t, {
    greet() {},
    frame() {},
    request: (link, id) => link.headers(id, HEAD, END_STREAM),
  });
  const listener = bench.get();
  await peer.bell.until(() => peer.links[0]?.of("SETTINGS").length === 1);
  t.equal(peer.links[0]?.of("HEADERS").length, 0);
  peer.links[0]?.settings();
  t.match(await listener.ended(), { whole: true });
  t.ok(peer.links[0]?.of("SETTINGS").some(({ flags }) => flags === ACK));
});
