// A throw where a socket or a timer calls in is a bug: fault D27. It costs one connection, and is told.
import t, { type Test } from "tap";
import type { Exchange } from "../../src/core/exchange.ts";
import { POLITE } from "../support/upstream.ts";
import { Accepted, answer, DEAF } from "./accepted.ts";
import { GET, Listener, open, until } from "./endpoint.ts";

const POST = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 4\r\n\r\n";

function bug(): never {
  throw new Error("bug");
}

/** Two clients, the first of which meets `broken`; the second is served. */
async function meets(
  t: Test,
  broken: (exchange: Exchange) => void,
  bytes = GET,
): Promise<Accepted> {
  const accepted = await Accepted.listen(t, (exchange) =>
    accepted.exchanges.length === 1 ? broken(exchange) : answer(exchange),
  );
  const bugs: unknown[] = [];
  accepted.clock.wheel.onBug = (error) => bugs.push(error);
  const [first, second] = [await accepted.connect(), await accepted.connect()];
  first.write(bytes);
  await accepted.bell.until(() => accepted.exchanges.length === 1);
  if (bytes === POST) first.write("body");
  accepted.clock.pass(100);
  await first.bell.until(() => first.closed);
  t.equal(first.received.length, 0, "no answer, and the client learns that there will be none");
  t.match(bugs, [{ message: "bug" }]);
  second.request("GET", GET);
  t.equal((await second.response()).status, 204, "nobody else notices");
  return accepted;
}

t.test("while a request is read", (t) => meets(t, bug));

t.test("while its body is read", (t) =>
  meets(t, (exchange) => void exchange.sendBody({ write: bug, end: bug }), POST),
);

t.test("at its deadline", (t) =>
  meets(t, (exchange) => {
    exchange.listener = { ...DEAF, onDeadline: bug };
    exchange.deadline(0);
  }),
);

t.test("while a request is read that was sent ahead", async (t) => {
  let served = 0;
  const accepted = await Accepted.listen(t, (exchange) => {
    if (++served === 2) throw new Error("bug");
    exchange.listener = DEAF;
  });
  const bugs: unknown[] = [];
  accepted.clock.wheel.onBug = (error) => bugs.push(error);
  const client = await accepted.connect();
  client.expect("GET");
  client.write(GET.repeat(2));
  await accepted.bell.until(() => accepted.exchanges.length === 1);
  const [first] = accepted.exchanges;
  if (first !== undefined) answer(first);
  await client.bell.until(() => client.closed);
  t.match(bugs, [{ message: "bug" }]);
});

t.test("an exchange that is left without an answer is cut", async (t) => {
  const accepted = await Accepted.listen(t, (exchange) => exchange.settled());
  const client = await accepted.connect();
  client.write(GET);
  await client.over();
  t.equal(client.received.length, 0);
});

t.test("while a response is read: the request fails, and the connection is gone", async (t) => {
  const bench = await open(t, POLITE);
  const bugs: unknown[] = [];
  bench.clock.wheel.onBug = (error) => bugs.push(error);
  class Broken extends Listener {
    override onHead = bug;
  }
  const listener = new Broken();
  bench.take().send(GET, "GET", undefined, listener);
  await listener.ended();
  t.equal(listener.failure, "truncated");
  t.match(bugs, [{ message: "bug" }]);
  await until(() => bench.pool.size === 0);
});
