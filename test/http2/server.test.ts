// What a client's connection of HTTP/2 does beside carrying requests: bodies that are too large or too slow, readers
// that stop, rest, and its end.
import t from "tap";
import type { BodySink, Exchange } from "../../src/core/exchange.ts";
import { answer, DEAF, NO_CONTENT } from "../http1/accepted.ts";
import { tell } from "../support/http2.ts";
import { AcceptedStreams } from "./accepted.ts";

const POST = { ":method": "POST" };
const INTERNAL_ERROR = 2;

/** Takes the body, or nothing of it, and answers when it is whole; what is wrong with it is the answer. */
function take(exchange: Exchange, takes = true): void {
  const sink: BodySink = { write: () => takes, end: () => answer(exchange) };
  exchange.listener = {
    ...DEAF,
    onGone() {
      const { wrong } = exchange;
      if (wrong !== undefined) exchange.respond({ ...NO_CONTENT, status: wrong.status }, "", "");
      exchange.settled();
    },
    onBodyBlocked() {
      exchange.respond({ ...NO_CONTENT, status: 504 }, "", "");
      exchange.settled();
    },
  };
  exchange.sendBody(sink);
}

t.test("a body above the limit is 413, by its length and by its bytes", async (t) => {
  const accepted = await AcceptedStreams.listen(t, (exchange) => take(exchange), {
    bodyBytes: 1000,
  });
  const client = await accepted.connect(t);
  t.equal((await client.ask("/", { body: "x".repeat(1000) })).status, 204, "at the limit");
  const declared = client.open("/", { ...POST, "content-length": "1001" });
  t.match(await accepted.during(tell(declared)), { status: 413, code: 0 });
  t.equal(accepted.exchanges.length, 1, "nobody was asked");
  const stream = client.open("/", POST);
  stream.write("x".repeat(1000));
  stream.write("x");
  t.match(await accepted.during(tell(stream)), { status: 413, code: 0 });
  t.equal(accepted.exchanges[1]?.wrong?.reason, "body_too_large");
  t.equal((await client.ask("/")).status, 204, "the connection is as it was");
});

t.test("a body that stands still is 408 after bodyIdle", async (t) => {
  const accepted = await AcceptedStreams.listen(t, (exchange) => take(exchange), {
    bodyIdle: 5000,
  });
  const client = await accepted.connect(t);
  const stream = client.open("/", POST);
  stream.write("x".repeat(5000));
  await accepted.bell.until(() => accepted.exchanges.length === 1);
  const [exchange] = accepted.exchanges;
  await accepted.passUntil(() => exchange?.bytesIn === 5000);
  const told = tell(stream);
  const waited = await accepted.passUntil(() => exchange?.wrong !== undefined);
  t.ok(waited >= 5000 && waited <= 10_000, `after ${waited} ms`);
  t.match(await accepted.during(told), { status: 408 });
  t.equal(exchange?.wrong?.reason, "body_timeout");
  t.equal((await client.ask("/")).status, 204, "the connection is as it was");
});

t.test(
  "one that comes slower than bodyRateBytes is 408, and one that is fast enough whole",
  async (t) => {
    const accepted = await AcceptedStreams.listen(t, (exchange) => take(exchange), {
      bodyRateBytes: 1000,
    });
    const client = await accepted.connect(t);
    const drip = async (bytes: number, seconds: number): Promise<number> => {
      const before = accepted.exchanges.length;
      const stream = client.open("/", POST);
      const told = tell(stream);
      await accepted.bell.until(() => accepted.exchanges.length > before);
      const exchange = accepted.exchanges[before];
      for (let i = 1; i <= seconds && exchange?.wrong === undefined; i++) {
        stream.write("x".repeat(bytes));
        while (exchange?.wrong === undefined && (exchange?.bytesIn ?? 0) < i * bytes) {
          await new Promise((next) => setImmediate(next));
        }
        accepted.clock.pass(1000);
      }
      stream.end();
      return (await accepted.during(told)).status;
    };
    t.equal(await drip(900, 60), 408);
    t.equal(await drip(1100, 60), 204);
  },
);

t.test("a body that nobody takes is not read on, and held back so long", async (t) => {
  const accepted = await AcceptedStreams.listen(t, (exchange) => take(exchange, false), {
    bodyIdle: 5000,
  });
  const client = await accepted.connect(t);
  const stream = client.open("/", POST);
  stream.on("error", () => {}).write(Buffer.alloc(1_000_000));
  // Node's client does not close a stream of which it has not sent all.
  const told = new Promise((done) => stream.once("response", done));
  await accepted.bell.until(() => accepted.exchanges.length === 1);
  const [exchange] = accepted.exchanges;
  const waited = await accepted.passUntil(() => exchange?.answered === true);
  t.ok(waited >= 15_000 && waited <= 15_300, `after ${waited} ms`);
  t.match(await accepted.during(told), { ":status": 504 });
  t.ok((exchange?.bytesIn ?? 0) <= 256 * 1024, `${exchange?.bytesIn} bytes: a window at most`);
});

t.test(
  "a reader that stops is reset after three times bodyIdle; its neighbour is not",
  async (t) => {
    const large = (exchange: Exchange): void => {
      if (exchange.request.method === "GET") return answer(exchange);
      exchange.listener = { ...DEAF, onGone: () => exchange.settled() };
      exchange.begin({ ...NO_CONTENT, status: 200, framing: { kind: "chunked" } }, "");
      for (let i = 0; i < 16 && exchange.write(Buffer.alloc(65_536)); i++);
    };
    const accepted = await AcceptedStreams.listen(t, large, { bodyIdle: 5000 });
    const client = await accepted.connect(t);
    const stream = client.open("/", POST);
    stream.on("error", () => {});
    stream.end();
    const closed = new Promise((done) => stream.on("close", done));
    await new Promise((done) => stream.once("response", done));
    const [exchange] = accepted.exchanges;
    const waited = await accepted.passUntil(() => exchange?.gone === true);
    t.ok(waited >= 15_000 && waited <= 31_000, `after ${waited} ms`);
    stream.resume();
    await accepted.during(closed);
    t.equal(stream.rstCode, INTERNAL_ERROR);
    t.equal((await client.ask("/")).status, 204);
  },
);

t.test("one that rests begins nothing until it goes on; what has begun is ended", async (t) => {
  const accepted = await AcceptedStreams.listen(t, () => {});
  const client = await accepted.connect(t);
  const first = client.ask("/first");
  await accepted.bell.until(() => accepted.exchanges.length === 1);
  for (const connection of accepted.connections) connection.rest(true);
  const [second, given] = [client.ask("/second"), client.open("/given")];
  given.on("error", () => {});
  const [exchange] = accepted.exchanges;
  if (exchange !== undefined) answer(exchange);
  t.equal((await first).status, 204);
  // What was sent before a ping has been read when that is answered.
  await new Promise((done) => client.session.ping(done));
  t.equal(accepted.exchanges.length, 1);
  given.close(8);
  await new Promise((done) => client.session.ping(done));
  for (const connection of accepted.connections) connection.rest(false);
  await accepted.bell.until(() => accepted.exchanges.length === 3);
  for (const each of accepted.exchanges.slice(1)) answer(each);
  t.equal((await second).status, 204);
  t.equal(accepted.exchanges[2]?.gone, true, "who gave up meanwhile is gone");
});

t.test("a drain that meets a session which has just been destroyed does nothing", async (t) => {
  const accepted = await AcceptedStreams.listen(t, answer);
  const client = await accepted.connect(t);
  t.equal((await client.ask("/")).status, 204);
  for (const connection of accepted.connections) {
    connection.cut();
    t.doesNotThrow(() => connection.drain());
  }
  await accepted.bell.until(() => accepted.connections.size === 0);
});
