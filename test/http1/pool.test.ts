import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import t, { type Test } from "tap";
import type { ClientConnection } from "../../src/http1/client.ts";
import type { PoolSettings } from "../../src/http1/pool.ts";
import { POLITE } from "../support/upstream.ts";
import { Bench, Listener, until } from "./endpoint.ts";

async function polite(t: Test, wanted: Partial<PoolSettings> = {}): Promise<Bench> {
  const bench = await Bench.open(POLITE, wanted);
  t.teardown(() => bench.close());
  return bench;
}

/** So many connections, all of them idle, which became idle in their order. */
async function idle(bench: Bench, count: number) {
  const connections: ClientConnection[] = [];
  while (connections.length < count) connections.push(await used(bench));
  return connections;
}

/** A new connection that has just become idle. */
async function used(bench: Bench): Promise<ClientConnection> {
  const connection = bench.pool.connect();
  if (connection === undefined) throw new Error("the pool is full");
  await bench.get(connection).ended();
  return connection;
}

t.test("a connection that has answered is used again", async (t) => {
  const bench = await polite(t);
  for (let i = 0; i < 5; i++) t.equal((await bench.get().ended()).body, "ok");
  t.equal(bench.upstream.links.length, 1);
  t.match(bench.pool, { size: 1, idle: 1 });
});

t.test("a fresh connection is no reused one, a used one is", async (t) => {
  const bench = await polite(t);
  const connection = bench.take();
  t.equal(connection.reused, false);
  await bench.get(connection).ended();
  t.equal(bench.take(), connection);
  t.equal(connection.reused, true);
});

t.test("requests at the same time have connections of their own", async (t) => {
  const bench = await polite(t);
  const listeners = [bench.get(), bench.get(), bench.get()];
  t.match(bench.pool, { size: 3, idle: 0 });
  for (const listener of listeners) t.equal((await listener.ended()).head?.status, 200);
  t.match(bench.pool, { size: 3, idle: 3 });
});

t.test("the connection that was used last is used next", async (t) => {
  const bench = await polite(t);
  const [a, b, c] = await idle(bench, 3);
  t.equal(bench.take(), c);
  t.equal(bench.take(), b);
  t.equal(bench.take(), a);
  t.equal(bench.pool.idle, 0);
});

t.test("there are never more connections than the limit, busy or idle", async (t) => {
  const bench = await polite(t, { max: 2 });
  const [first, second] = [bench.get(), bench.get()];
  t.equal(bench.pool.take(), undefined);
  t.equal(bench.pool.connect(), undefined);
  await first.ended();
  await second.ended();
  t.equal(bench.pool.connect(), undefined, "idle ones count as well");
  t.ok(bench.pool.take());
  t.ok(bench.pool.take());
  t.equal(bench.pool.take(), undefined);
  t.equal(bench.pool.size, 2);
});

t.test("a connection that fails makes room for another one", async (t) => {
  const bench = await Bench.open({ request: (link) => link.reset() }, { max: 1 });
  t.teardown(() => bench.close());
  t.equal((await bench.get().ended()).failure, "reset");
  await until(() => bench.pool.size === 0);
  bench.upstream.script = POLITE;
  t.equal((await bench.get().ended()).body, "ok");
});

t.test("an idle connection is kept for exactly as long as the limit", async (t) => {
  const bench = await polite(t, { idle: 4000 });
  await bench.get().ended();
  bench.clock.pass(3999);
  t.equal(bench.pool.idle, 1);
  bench.clock.pass(1);
  t.equal(bench.pool.idle, 0);
  const link = await bench.link(0);
  await bench.upstream.bell.until(() => link.closed);
  t.equal(bench.pool.take()?.reused, false);
});

t.test("each idle connection has its own time, and use renews it", async (t) => {
  const bench = await polite(t, { idle: 4000 });
  await used(bench);
  bench.clock.pass(1000);
  const b = await used(bench);
  bench.clock.pass(2000);
  await bench.get().ended();
  bench.clock.pass(1000);
  t.equal(bench.pool.idle, 1, "the first is gone, the second was used again");
  t.equal(b.usable, true);
  bench.clock.pass(2999);
  t.equal(bench.pool.idle, 1);
  bench.clock.pass(1);
  t.equal(bench.pool.idle, 0);
});

t.test("a busy connection does not expire", async (t) => {
  const bench = await polite(t, { idle: 4000 });
  await bench.get().ended();
  const connection = bench.take();
  bench.clock.pass(60_000);
  t.equal((await bench.get(connection).ended()).body, "ok");
});

t.test("bytes on an idle connection close it, and no request ever sees them", async (t) => {
  const bench = await polite(t);
  await bench.get().ended();
  const link = await bench.link(0);
  link.write("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil");
  await bench.upstream.bell.until(() => link.closed);
  await until(() => bench.pool.size === 0);
  t.equal(bench.pool.idle, 0);
  t.equal((await bench.get().ended()).body, "ok");
  t.equal(bench.upstream.links.length, 2);
});

t.test("a FIN or a RST on an idle connection removes it", async (t) => {
  const bench = await polite(t);
  for (const [index, end] of (["finish", "reset"] as const).entries()) {
    await bench.get().ended();
    const link = await bench.link(index);
    link[end]();
    await bench.upstream.bell.until(() => link.closed);
    await until(() => bench.pool.size === 0);
    t.match(bench.pool, { size: 0, idle: 0 }, end);
  }
  t.equal((await bench.get().ended()).body, "ok");
});

t.test(
  "a closed pool keeps no connection: idle ones end at once, busy ones when they answer",
  async (t) => {
    const bench = await polite(t);
    await idle(bench, 2);
    const listener = bench.get();
    bench.pool.close();
    t.equal(bench.pool.idle, 0);
    t.equal((await listener.ended()).body, "ok");
    await until(() => bench.pool.size === 0);
    t.equal(bench.clock.wheel.size, 0, "no timer is left");
  },
);

t.test("a destroyed pool ends what is busy, too", async (t) => {
  const bench = await Bench.open({});
  t.teardown(() => bench.close());
  const listener = bench.get();
  const link = await bench.link(0);
  bench.pool.destroy();
  await bench.upstream.bell.until(() => link.closed);
  await until(() => bench.pool.size === 0);
  t.equal(listener.over, false, "whoever destroys it knows");
});

t.test("unix sockets are pooled as others are", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "tidegate-"));
  t.teardown(() => rmSync(folder, { recursive: true }));
  const bench = await Bench.open(POLITE, {}, join(folder, "app.sock"));
  t.teardown(() => bench.close());
  for (let i = 0; i < 3; i++) t.equal((await bench.get().ended()).body, "ok");
  t.equal(bench.upstream.links.length, 1);
});

t.test("a connection is not reused while its request is not sent whole", async (t) => {
  const bench = await Bench.open({ head: (link) => link.write("HTTP/1.1 204 No Content\r\n\r\n") });
  t.teardown(() => bench.close());
  const listener = new Listener();
  const head = "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 5\r\n\r\n";
  const connection = bench.take();
  connection.send(head, "POST", false, listener);
  t.equal((await listener.ended()).head?.status, 204);
  await until(() => bench.pool.size === 0);
  t.equal(connection.usable, false);
});

const LIMITS = { connectTimeout: 500, idle: 4000, max: 10, responseHeaderBytes: 64 * 1024 };

t.test(
  "with a lower maximum the oldest idle ones close, and busy ones when they are free",
  async (t) => {
    const bench = await polite(t);
    await idle(bench, 4);
    const busy = bench.take();
    bench.pool.configure({ ...LIMITS, max: 2 });
    await until(() => bench.pool.size === 2);
    t.equal(bench.pool.idle, 1);
    bench.pool.configure({ ...LIMITS, max: 1 });
    await until(() => bench.pool.size === 1);
    t.equal(bench.pool.idle, 0);
    await bench.get(busy).ended();
    t.equal(bench.pool.idle, 1, "as many as may be stay");
  },
);

t.test("with a shorter idle time what was idle for longer closes at once", async (t) => {
  const bench = await polite(t);
  await idle(bench, 2);
  bench.clock.pass(1000);
  bench.pool.configure({ ...LIMITS, idle: 1000 });
  await until(() => bench.pool.size === 0);
  await idle(bench, 1);
  bench.clock.pass(999);
  t.equal(bench.pool.idle, 1);
  bench.clock.pass(2);
  t.equal(bench.pool.idle, 0, "and the rest on time");
});

t.test("another limit of heads holds for every request that follows", async (t) => {
  const bench = await polite(t);
  await idle(bench, 1);
  const busy = bench.take();
  const free = bench.pool.connect();
  if (free !== undefined) await bench.get(free).ended();
  bench.pool.configure({ ...LIMITS, responseHeaderBytes: 4096 });
  t.equal(bench.pool.idle, 0);
  await bench.get(busy).ended();
  t.equal(bench.pool.idle, 0, "the busy one answers, and is not used again");
  t.equal(bench.take().headerBytes, 4096);
});

t.test("connections that nobody asked for wait to be used, as many as are wanted", async (t) => {
  const bench = await polite(t, { max: 3 });
  bench.pool.warm(2);
  bench.pool.warm(2);
  t.match(bench.pool, { size: 2, idle: 0 }, "those on their way count");
  await until(() => bench.pool.idle === 2);
  bench.pool.warm(2);
  t.equal(bench.pool.size, 2);
  const connection = bench.take();
  t.ok(connection.reused, "the server may have had enough of it");
  t.equal((await bench.get(connection).ended()).body, "ok");
  t.equal(bench.upstream.links.length, 2);
  bench.pool.warm(9);
  t.equal(bench.pool.size, 3, "never more than the limit");
});

t.test("a connection that waited for nobody expires, and can be replaced", async (t) => {
  const bench = await polite(t, { idle: 4000 });
  bench.pool.warm(1);
  await until(() => bench.pool.idle === 1);
  bench.clock.pass(4001);
  await until(() => bench.pool.size === 0);
  bench.pool.warm(1);
  await until(() => bench.pool.idle === 1);
  bench.pool.close();
  bench.pool.warm(1);
  await until(() => bench.pool.size === 0);
});

t.test("a connection that cannot be had for nobody is forgotten", async (t) => {
  const bench = await polite(t);
  await bench.upstream.close();
  bench.pool.warm(2);
  await until(() => bench.pool.size === 0);
  t.equal(bench.pool.idle, 0);
});
