// What a client's connection does beside reading messages: when it waits, and when it ends.
import t from "tap";
import { Accepted, answer } from "./accepted.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";

t.test("empty lines behind a request begin no head: nobody is told that it is late", async (t) => {
  const accepted = await Accepted.listen(t, answer);
  const client = await accepted.connect();
  client.request("GET", `${GET}\r\n`);
  t.equal((await client.response()).status, 204);
  accepted.clock.pass(20_000);
  client.request("GET", GET);
  t.equal((await client.response()).status, 204, "twice headTimeout later");
});

t.test("a connection that empty lines came on is idle: it is closed in silence", async (t) => {
  const accepted = await Accepted.listen(t, answer);
  const client = await accepted.connect();
  client.request("GET", `${GET}\r\n`);
  await client.response();
  accepted.clock.pass(60_000);
  await client.over();
  t.equal(client.rest.length, 0);
  t.same(accepted.refusals, []);
});

t.test("a draining connection does not wait for what follows an empty line", async (t) => {
  const accepted = await Accepted.listen(t, answer);
  const client = await accepted.connect();
  client.request("GET", `${GET}\r\n`);
  await client.response();
  accepted.clock.pass(2000);
  for (const connection of accepted.connections) connection.drain();
  await client.over();
  t.equal(client.rest.length, 0);
});

t.test("who sends empty lines and never a request is told so at headTimeout", async (t) => {
  const accepted = await Accepted.listen(t, answer);
  const client = await accepted.connect();
  client.request("GET", "\r\n\r\n");
  const { clock } = accepted;
  while (accepted.refusals.length === 0) {
    await new Promise((next) => setImmediate(next));
    clock.pass(1000);
  }
  t.equal((await client.response()).status, 408);
  t.ok(clock.now() < 60_000, "long before idle");
});

t.test("one that rests is not read from until it goes on; what has begun is ended", async (t) => {
  const accepted = await Accepted.listen(t, () => {});
  const [idle, busy] = [await accepted.connect(), await accepted.connect()];
  busy.request("GET", GET);
  await accepted.bell.until(() => accepted.exchanges.length === 1);
  for (const connection of accepted.connections) connection.rest(true);
  idle.request("GET", GET);
  const [first] = accepted.exchanges;
  if (first === undefined) throw new Error("it has come");
  answer(first);
  t.equal((await busy.response()).status, 204);
  busy.request("GET", GET);
  // A client that comes later is served: whatever was sent before could have been read by then.
  const later = await accepted.connect();
  later.request("GET", GET);
  await accepted.bell.until(() => accepted.exchanges.length === 2);
  for (const exchange of accepted.exchanges.slice(1)) answer(exchange);
  t.equal((await later.response()).status, 204);
  t.equal(accepted.exchanges.length, 2);
  for (const connection of accepted.connections) connection.rest(false);
  await accepted.bell.until(() => accepted.exchanges.length === 4);
  for (const exchange of accepted.exchanges.slice(2)) answer(exchange);
  for (const client of [idle, busy]) t.equal((await client.response()).status, 204);
});

t.test("a drain ends one that rests", async (t) => {
  const accepted = await Accepted.listen(t, answer);
  const client = await accepted.connect();
  for (const connection of accepted.connections) connection.rest(true);
  for (const connection of accepted.connections) connection.rest(true);
  accepted.clock.pass(2000);
  for (const connection of accepted.connections) connection.drain();
  await client.over();
  t.equal(accepted.exchanges.length, 0);
});
