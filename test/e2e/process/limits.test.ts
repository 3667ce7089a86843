// More connections, heads and silence than a sidecar has room for: faults D18, D19 and D20.
import { join } from "node:path";
import t from "tap";
import type { Address } from "../../../src/core/address.ts";
import { RawClient } from "../../support/client.ts";
import { Daemon, SHIPPED } from "../../support/daemon.ts";
import { barrage, fire, get, tally } from "../../support/load.ts";
import { scratch } from "../../support/scratch.ts";
import { settings } from "../../support/settings.ts";
import { tool } from "../../support/tool.ts";
import { OK, Upstream } from "../../support/upstream.ts";

const MiB = 1024 * 1024;
const BIG = Buffer.concat([
  Buffer.from(`HTTP/1.1 200 OK\r\nContent-Length: ${8 * MiB}\r\n\r\n`),
  Buffer.alloc(8 * MiB, "x"),
]);

const upstream = await Upstream.listen();
t.teardown(() => upstream.close());

/** So many clients; those that the sidecar turned away are closed already, or will be. */
function crowd(proxy: Address, count: number): Promise<RawClient[]> {
  return Promise.all(Array.from({ length: count }, () => RawClient.connect(proxy)));
}

t.test(
  "1000 clients and 256 descriptors: alive, reachable, quiet, and back when they leave",
  async (t) => {
    const wrapper = [tool("prlimit"), "--nofile=256:256"];
    const limits = { idle: "60s", headTimeout: "1s" };
    const log = { access: "off", level: "warn" };
    const daemon = await Daemon.start(settings(upstream.address, { limits, log }), { wrapper });
    t.teardown(() => daemon.stop());
    const clients = await crowd(daemon.inbound, 1000);
    const held = await daemon.metric("downstream_connections");
    t.ok(held > 50 && held < 256, `${held} are held`);
    await until(clients, () => clients.filter(({ closed }) => closed).length === 1000 - held);
    t.equal(await daemon.metric("downstream_connections_refused_total"), 1000 - held);
    t.match(daemon.child.stderr, /"configured":10000,"inForce":88,"descriptors":256/);
    const [survivor] = clients.filter(({ closed }) => !closed);
    if (survivor === undefined) throw new Error("no client survived");
    t.equal((await fire(survivor, 0, get(0))).status, 200, "who is in is served");
    t.equal((await fetch(`http://${daemon.admin.text}/state`)).status, 200, "admin is reachable");
    // The second that half a head may take is the sidecar's own clock.
    const before = daemon.child.cpu();
    survivor.request("GET", "GET / HTT");
    t.equal((await survivor.response()).status, 408);
    const spent = daemon.child.cpu() - before;
    t.ok(spent < 0.5, `${spent} s of CPU in that second: it does not spin`);
    for (const client of clients) client.close();
    await daemon.metricIs("downstream_connections", 0);
    const shots = await barrage(daemon.inbound, { connections: 20, requests: 100, request: get });
    t.same(tally(shots), { 200: 100 }, "and everybody is let in again");
  },
);

/** Waits until something that the closing of any of `clients` may make true. */
async function until(clients: readonly RawClient[], holds: () => boolean): Promise<void> {
  while (!holds()) {
    const open = clients.filter(({ closed }) => !closed);
    await Promise.race(open.map((client) => client.bell.until(() => client.closed)));
  }
}

/** Enough requests for the code to be compiled, and for the heap to have found its size. */
async function warmUp(daemon: Daemon): Promise<void> {
  await barrage(daemon.inbound, { connections: 50, requests: 2000, request: get });
}

t.test("1000 heads of 16 KiB fit into a small heap", async (t) => {
  const nodeArgs = ["--max-old-space-size=256"];
  const daemon = await Daemon.start(settings(upstream.address), { nodeArgs });
  t.teardown(() => daemon.stop());
  await warmUp(daemon);
  daemon.child.forgetPeak();
  const before = daemon.child.memory("VmRSS");
  const clients = await crowd(daemon.inbound, 1000);
  const head = `GET / HTTP/1.1\r\nHost: a.test\r\nX-Big: ${"a".repeat(15_900)}`;
  for (const client of clients) client.request("GET", head);
  await daemon.metricIs("downstream_connections", 1000);
  for (const client of clients) client.write("\r\n\r\n");
  const statuses = new Set(
    await Promise.all(clients.map(async (c) => (await c.response(0)).status)),
  );
  t.same([...statuses], [200]);
  const grown = daemon.child.memory("VmHWM") - before;
  t.ok(grown < 1000 * 48 * 1024 + 64 * MiB, `${Math.round(grown / MiB)} MiB more`);
  for (const client of clients) client.close();
});

t.test("100 readers that do not read hold up 800 MiB, not memory", async (t) => {
  const big = await Upstream.listen({
    request: (link, { target }) => link.write(target === "/big" ? BIG : OK),
  });
  const daemon = await Daemon.start(settings(big.address));
  t.teardown(() => Promise.all([daemon.stop(), big.close()]));
  const clients = await crowd(daemon.inbound, 100);
  await warmUp(daemon);
  daemon.child.forgetPeak();
  const before = daemon.child.memory("VmRSS");
  for (const client of clients) client.socket.pause();
  for (const client of clients) client.write("GET /big HTTP/1.1\r\nHost: a.test\r\n\r\n");
  const asked = (): number => big.requests.filter(({ target }) => target === "/big").length;
  await big.bell.until(() => asked() === clients.length);
  const others = await barrage(daemon.inbound, { connections: 8, requests: 1000, request: get });
  t.same(tally(others), { 200: 1000 }, "nobody else notices");
  t.equal(await daemon.metric("concurrency_in_flight"), 100);
  const grown = daemon.child.memory("VmHWM") - before;
  t.ok(grown < 100 * 128 * 1024 + 64 * MiB, `${Math.round(grown / MiB)} MiB more`);
  for (const client of clients) client.close();
  await daemon.metricIs("concurrency_in_flight", 0);
});

// Over unix sockets, where the kernel holds little: over TCP it would take some 5 MiB for each of them.
t.test("1000 clients with heads of 16 KiB that do not read fit into a small heap", async (t) => {
  const folder = scratch();
  const big = await Upstream.listen(
    { request: (link) => link.write(BIG) },
    join(folder.path, "service"),
  );
  const bind = `unix:${join(folder.path, "inbound")}`;
  const nodeArgs = [...SHIPPED, "--max-old-space-size=256"];
  const daemon = await Daemon.start(settings(big.address, { bind }), { nodeArgs });
  t.teardown(async () => {
    await Promise.all([daemon.stop(), big.close()]);
    folder.remove();
  });
  const before = daemon.child.memory("VmRSS");
  const clients: RawClient[] = [];
  const head = `GET / HTTP/1.1\r\nHost: a.test\r\nX-Big: ${"a".repeat(15_900)}\r\n\r\n`;
  // So many at a time as the queues of both listeners hold: a unix socket lets nobody else wait.
  while (clients.length < 1000) {
    const more = await crowd(daemon.inbound, 100);
    clients.push(...more);
    for (const client of more) client.socket.pause();
    for (const client of more) client.write(head);
    await big.bell.until(() => big.requests.length === clients.length);
  }
  // Each response has begun when its first bytes are here; then the pause holds.
  await Promise.all(clients.map((client) => firstBytes(client)));
  t.equal(await daemon.metric("concurrency_in_flight"), 1000);
  const grown = daemon.child.memory("VmHWM") - before;
  t.ok(grown < 1000 * 48 * 1024 + 64 * MiB, `${Math.round(grown / MiB)} MiB more`);
  for (const client of clients) client.close();
  await daemon.metricIs("concurrency_in_flight", 0);
});

/** Waits for the first bytes of a response, and reads no more. */
async function firstBytes(client: RawClient): Promise<void> {
  client.socket.resume();
  await client.bell.until(() => client.received.length > 0);
  client.socket.pause();
}
