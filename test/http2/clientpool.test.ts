import { createServer } from "node:net";
import t, { type Test } from "tap";
import { tcpAddress } from "../../src/core/address.ts";
import { SESSION_WINDOW } from "../../src/http2/clientsession.ts";
import { type Listener, until } from "../http1/endpoint.ts";
import type { FrameLink } from "../support/framepeer.ts";
import { END_STREAM, setting } from "../support/frames.ts";
import { frameBench, nodeBench, PoolBench, type Wanted } from "./peer.ts";

const MAX_STREAMS = 3;
const streams = (most: number) => (link: FrameLink) => link.settings(setting(MAX_STREAMS, most));
const answer = (link: FrameLink, id: number) => link.headers(id, { ":status": "204" }, END_STREAM);

/** An endpoint that takes `most` requests at once on a session, and answers when it is told. */
async function limited(t: Test, most: number, wanted: Wanted = {}) {
  const asked: (() => void)[] = [];
  const made = await frameBench(
    t,
    { greet: streams(most), request: (link, id) => asked.push(() => answer(link, id)) },
    wanted,
  );
  const { bench, peer } = made;
  const { bell } = peer;
  return {
    ...made,
    asked,
    until: (count: number) => bell.until(() => asked.length >= count),
    bench,
  };
}

async function all(listeners: readonly Listener[]): Promise<void> {
  await Promise.all(listeners.map((each) => each.ended()));
}

t.test("a cold burst makes one session, and everything goes by it", async (t) => {
  const { bench, peer } = await nodeBench(t, (stream) =>
    stream.respond({ ":status": 200 }, { endStream: true }),
  );
  const listeners = Array.from({ length: 300 }, () => bench.get());
  t.strictSame(bench.pool.streams, { open: 0, waiting: 300 });
  await all(listeners);
  t.equal(listeners.filter(({ whole }) => whole).length, 300);
  t.equal(peer.sessions.length, 1);
  await until(() => bench.pool.streams.open === 0);
});

t.test(
  "no session gets more than the endpoint allows, and there are as many as that takes",
  async (t) => {
    const { bench, peer, asked, until: reached } = await limited(t, 10);
    const listeners = Array.from({ length: 45 }, () => bench.get());
    await reached(45);
    t.equal(bench.pool.size, 5);
    for (const link of peer.links) t.ok(link.of("HEADERS").length <= 10);
    for (const each of asked) each();
    await all(listeners);
    t.equal(listeners.filter(({ whole }) => whole).length, 45);
  },
);

t.test("with as many sessions as there may be it is full, until a request ends", async (t) => {
  const { bench, asked, until: reached } = await limited(t, 2, { max: 2 });
  const listeners = [bench.get()];
  await reached(1);
  for (let i = 0; i < 3; i++) listeners.push(bench.get());
  t.strictSame([bench.pool.full, bench.pool.take()], [true, undefined]);
  await reached(4);
  asked[0]?.();
  await until(() => !bench.pool.full);
  listeners.push(bench.get());
  await reached(5);
  for (const each of asked.slice(1)) each();
  await all(listeners);
  t.equal(listeners.filter(({ whole }) => whole).length, 5);
});

t.test("what a cold burst has too much is refused, never sent", async (t) => {
  const { bench, asked, until: reached } = await limited(t, 3, { max: 1 });
  const listeners = Array.from({ length: 5 }, () => bench.get());
  await reached(3);
  const refused = listeners.filter(({ failure }) => failure === "refused");
  t.equal(refused.length, 2);
  for (const each of asked) each();
  await all(listeners);
});

t.test(
  "an endpoint that takes no requests now is asked for one session, not for all",
  async (t) => {
    const { bench, peer } = await frameBench(t, { greet: streams(0), request: answer });
    const listener = await bench.get().ended();
    t.match(listener, { failure: "refused", detail: /no more streams/ });
    t.strictSame([bench.pool.full, bench.pool.size], [true, 1]);
    peer.links[0]?.settings(setting(MAX_STREAMS, 1));
    await until(() => !bench.pool.full);
    t.match(await bench.get().ended(), { whole: true });
  },
);

t.test("an endpoint that allows fewer than before gets fewer", async (t) => {
  const { bench, peer, asked, until: reached } = await limited(t, 4, { max: 1 });
  const first = [bench.get(), bench.get()];
  await reached(2);
  peer.links[0]?.settings(setting(MAX_STREAMS, 2));
  await until(() => bench.pool.full);
  asked[0]?.();
  await until(() => !bench.pool.full);
  first.push(bench.get());
  t.equal(bench.pool.full, true);
  await reached(3);
  for (const each of asked.slice(1)) each();
  await all(first);
});

t.test("an endpoint that nobody listens on is unreachable, for all that wait", async (t) => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : 0;
  await new Promise((done) => server.close(done));
  const bench = new PoolBench(tcpAddress("127.0.0.1", port));
  const listeners = [bench.get(), bench.get()];
  await all(listeners);
  for (const each of listeners) t.match(each, { failure: "unreachable", detail: /ECONNREFUSED/ });
  await until(() => bench.pool.size === 0);
});

t.test("settings that do not come within connectTimeout are no connection", async (t) => {
  const { bench, peer } = await frameBench(t, { greet() {}, frame() {} });
  const listener = bench.get();
  await peer.bell.until(() => peer.links[0]?.of("SETTINGS").length === 1);
  bench.clock.pass(499);
  t.equal(listener.over, false);
  bench.clock.pass(1);
  t.match(listener, { failure: "unreachable", detail: /no settings of HTTP\/2 within 500 ms/ });
  await until(() => bench.pool.size === 0);
});

t.test("an endpoint that speaks HTTP/1.1 is unreachable by HTTP/2", async (t) => {
  const greet = (link: FrameLink) => link.socket.end("HTTP/1.1 400 Bad Request\r\n\r\n");
  const { bench } = await frameBench(t, { greet, frame() {} });
  t.match(await bench.get().ended(), { failure: "unreachable" });
  await until(() => bench.pool.size === 0);
});

t.test("a session is closed when it has been idle for long enough, and says so", async (t) => {
  const { bench, peer } = await frameBench(t, { request: answer });
  await bench.get().ended();
  await until(() => bench.pool.streams.open === 0);
  bench.clock.pass(3990);
  t.equal(bench.pool.size, 1);
  bench.clock.pass(20);
  await until(() => bench.pool.size === 0);
  t.ok(peer.links[0]?.of("GOAWAY").length);
  const stream = bench.take();
  t.equal(stream.reused, false);
  t.match(await bench.get(stream).ended(), { whole: true });
});

t.test("a stream alone on a session that was used may meet its end; others do not", async (t) => {
  const { bench, asked, until: reached } = await limited(t, 10);
  const first = bench.take();
  t.equal(first.reused, false);
  const listeners = [bench.get(first)];
  await reached(1);
  const beside = bench.take();
  t.equal(beside.reused, false, "another one is open");
  asked[0]?.();
  await all(listeners);
  await until(() => bench.pool.streams.open === 0);
  const alone = bench.take();
  t.equal(alone.reused, true);
  const again = bench.get(alone);
  await reached(2);
  asked[1]?.();
  await all([again]);
});

t.test("GOAWAY: what is open goes on, what comes meets a new session", async (t) => {
  const { bench, peer, asked, until: reached } = await limited(t, 10);
  const first = bench.get();
  await reached(1);
  peer.links[0]?.goaway(1, 0);
  await peer.bell.until(() => peer.links[0]?.of("GOAWAY").length === 1);
  const second = bench.get();
  await reached(2);
  t.equal(peer.links.length, 2);
  for (const each of asked) each();
  await all([first, second]);
  t.strictSame([first.whole, second.whole], [true, true]);
});

t.test(
  "new limits: a session too many, or of another header limit, takes no more requests",
  async (t) => {
    const { bench, asked, until: reached } = await limited(t, 1);
    const listeners = [bench.get(), bench.get()];
    await reached(2);
    const limits = { connectTimeout: 500, responseHeaderBytes: 64 * 1024, max: 1, idle: 4000 };
    bench.pool.configure(limits);
    for (const each of asked) each();
    await all(listeners);
    await until(() => bench.pool.size === 1);
    bench.pool.configure({ ...limits, responseHeaderBytes: 1024 });
    await until(() => bench.pool.size === 0);
  },
);

t.test(
  "a closed pool ends its sessions once they are free, and opens with new limits",
  async (t) => {
    const { bench, asked, until: reached } = await limited(t, 10);
    const listener = bench.get();
    await reached(1);
    bench.pool.close();
    t.equal(bench.pool.size, 1);
    asked[0]?.();
    t.match(await listener.ended(), { whole: true });
    await until(() => bench.pool.size === 0);
    bench.pool.configure({ connectTimeout: 500, responseHeaderBytes: 65_536, max: 1, idle: 4000 });
    const again = bench.get();
    await reached(2);
    asked[1]?.();
    t.match(await again.ended(), { whole: true });
  },
);

t.test("warming makes one session", async (t) => {
  const { bench, peer } = await frameBench(t, { request: answer });
  bench.pool.warm();
  bench.pool.warm();
  await peer.bell.until(() => peer.links[0]?.of("SETTINGS").length === 2);
  t.equal(bench.pool.size, 1);
});

t.test("a flood of cancelled streams leaves nothing behind", async (t) => {
  const { bench, peer } = await nodeBench(
    t,
    (stream) => {
      stream.respond({ ":status": 200 });
      stream.end(Buffer.alloc(100_000));
    },
    { settings: { maxConcurrentStreams: 500 } },
  );
  for (let round = 0; round < 60; round++) {
    const taken = Array.from({ length: 30 }, () => bench.take());
    const listeners = taken.map((stream) => bench.get(stream));
    for (const [index, stream] of taken.entries()) if (index % 3 === 0) stream.destroy();
    for (const [index, listener] of listeners.entries()) {
      if (index % 3 === 1) listener.onPiece = () => taken[index]?.destroy();
    }
    await all(listeners.filter((_, index) => index % 3 === 2));
  }
  await until(() => bench.pool.streams.open === 0);
  t.strictSame(bench.pool.streams, { open: 0, waiting: 0 });
  t.match(await bench.get().ended(), { whole: true });
  t.equal(peer.sessions.length, 1);
  // The window is given back by halves: less than half of it would be a leak.
  const { remoteWindowSize = 0 } = peer.sessions[0]?.state ?? {};
  t.ok(remoteWindowSize > SESSION_WINDOW / 2, `it may send ${remoteWindowSize} bytes`);
});

t.test("a flood of cancelled uploads leaves nothing behind", async (t) => {
  const { bench, peer } = await nodeBench(t, (stream, raw) => {
    if (raw[1] === "GET") stream.respond({ ":status": 204 }, { endStream: true });
  });
  await bench.get().ended();
  // 200 MB in all: what the session may hold, several times.
  for (let round = 0; round < 100; round++) {
    const taken = Array.from({ length: 20 }, () => bench.take());
    for (const stream of taken) bench.post(stream);
    await until(() => taken.every(({ unbegun }) => !unbegun));
    for (const stream of taken) stream.write(Buffer.alloc(100_000));
    for (const stream of taken) stream.destroy();
    await until(() => {
      bench.clock.pass(1);
      return bench.pool.streams.open === 0;
    });
  }
  t.match(await bench.get().ended(), { whole: true });
  t.equal(peer.sessions.length, 1);
});
