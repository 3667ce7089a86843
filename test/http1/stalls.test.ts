// Clients that stand still, leave, or are held up, as their connection sees it. The time is the test's to
// pass; what the kernel tells takes a few turns of the event loop.
import t from "tap";
import type { BodySink, Exchange } from "../../src/core/exchange.ts";
import type { RawClient } from "../support/client.ts";
import { Accepted, DEAF } from "./accepted.ts";

const MiB = 1024 * 1024;
const POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 50000000\r\n\r\n";
const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const FULL: BodySink = { write: () => false, end() {} };
const BODY_IDLE = 30_000;

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((next) => setImmediate(next));
}

/** Passes time in small steps until `holds`, for `ms` at most; tells how much has passed. */
async function passUntil(accepted: Accepted, ms: number, holds: () => boolean): Promise<number> {
  const { clock } = accepted;
  const start = clock.now();
  while (!holds() && clock.now() - start < ms) {
    await turns(2);
    clock.pass(100);
  }
  return clock.now() - start;
}

/** Sends the body to nobody who takes it. */
function holdUp(exchange: Exchange): void {
  exchange.listener = DEAF;
  exchange.sendBody(FULL);
}

t.test("a client that resets is noticed although its body is not read", async (t) => {
  const accepted = await Accepted.listen(t, holdUp);
  const client = await accepted.connect();
  await heldUp(accepted, client);
  client.write(Buffer.alloc(20 * MiB));
  await turns(10);
  client.reset();
  const took = await passUntil(accepted, BODY_IDLE, () => accepted.exchanges[0]?.gone === true);
  t.equal(accepted.exchanges[0]?.gone, true);
  t.ok(took < BODY_IDLE, "without any other limit");
});

t.test("and although what it has sent ahead is not read", async (t) => {
  const accepted = await Accepted.listen(t, holdUp);
  const client = await accepted.connect();
  client.write(GET.repeat(1000));
  await accepted.bell.until(() => accepted.exchanges.length > 0);
  await turns(10);
  client.reset();
  await passUntil(accepted, BODY_IDLE, () => accepted.exchanges[0]?.gone === true);
  t.equal(accepted.exchanges[0]?.gone, true);
});

t.test("whoever takes no more of a body is told, and the client is not blamed", async (t) => {
  let blocked = 0;
  const accepted = await Accepted.listen(t, (exchange) => {
    exchange.listener = { ...DEAF, onBodyBlocked: () => blocked++ };
    exchange.sendBody(FULL);
  });
  const client = await accepted.connect();
  await heldUp(accepted, client);
  accepted.clock.pass(2.9 * BODY_IDLE);
  t.equal(blocked, 0);
  accepted.clock.pass(0.2 * BODY_IDLE);
  t.equal(blocked, 1);
  t.equal(accepted.exchanges[0]?.wrong, undefined);
});

t.test("a body that is taken again has all its time again", async (t) => {
  let blocked = 0;
  const accepted = await Accepted.listen(t, (exchange) => {
    exchange.listener = { ...DEAF, onBodyBlocked: () => blocked++ };
    exchange.sendBody(FULL);
  });
  const client = await accepted.connect();
  const exchange = await heldUp(accepted, client);
  for (let times = 1; times <= 3; times++) {
    accepted.clock.pass(2 * BODY_IDLE);
    exchange?.resumeBody();
    const before = exchange?.bytesIn ?? 0;
    client.write("more");
    await passUntil(accepted, 1000, () => (exchange?.bytesIn ?? 0) > before);
  }
  t.equal(blocked, 0);
});

/** A request whose body has begun to come, and is not taken. */
async function heldUp(accepted: Accepted, client: RawClient): Promise<Exchange | undefined> {
  client.write(POST);
  await accepted.bell.until(() => accepted.exchanges.length > 0);
  client.write("body");
  const [exchange] = accepted.exchanges;
  await passUntil(accepted, 1000, () => (exchange?.bytesIn ?? 0) > 0);
  return exchange;
}

/** Answers with one piece of 8 MiB: more than the kernel takes at once. */
function pour(exchange: Exchange): void {
  const head = {
    status: 200,
    phrase: "OK",
    fields: `content-length: ${8 * MiB}\r\n`,
    close: false,
  };
  exchange.listener = DEAF;
  exchange.begin({ ...head, framing: { kind: "length", bytes: 8 * MiB } }, "");
  exchange.write(Buffer.alloc(8 * MiB, "x"));
}

t.test("a reader is in time with a part of what was written at once", async (t) => {
  const accepted = await Accepted.listen(t, pour);
  const client = await accepted.connect();
  client.write(GET);
  for (let read = MiB; read <= 7 * MiB; read += MiB) {
    client.socket.resume();
    await client.bell.until(() => client.received.length >= read);
    client.socket.pause();
    await turns(20);
    accepted.clock.pass(BODY_IDLE);
  }
  t.equal(accepted.exchanges[0]?.gone, false);
});

t.test("a reader that stops is cut after three times bodyIdle, and not before", async (t) => {
  const accepted = await Accepted.listen(t, pour);
  const client = await accepted.connect();
  client.socket.pause();
  client.write(GET);
  await accepted.bell.until(() => accepted.exchanges.length > 0);
  await turns(20);
  accepted.clock.pass(2.9 * BODY_IDLE);
  await turns(2);
  t.equal(accepted.exchanges[0]?.gone, false);
  accepted.clock.pass(3.2 * BODY_IDLE);
  await accepted.bell.until(() => accepted.exchanges[0]?.gone === true);
});
