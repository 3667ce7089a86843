// Connections that die while they wait to be used again: fault D9.
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, post, type Shot, tally } from "../../support/load.ts";
import { settings } from "../../support/settings.ts";
import { type Link, Upstream } from "../../support/upstream.ts";

/** Answers, and closes the connection when it has been idle for 1 to 5 ms: by FIN or by RST. */
function impatient(link: Link, id: string): void {
  link.write(`HTTP/1.1 200 OK\r\nContent-Length: ${id.length}\r\n\r\n${id}`);
  const turn = link.requests.length + link.index;
  link.socket.setTimeout(1 + (turn % 5));
  if (link.requests.length > 1) return;
  link.socket.once("timeout", () => {
    if (turn % 2 === 0) link.finish();
    else link.reset();
  });
}

const upstream = await Upstream.listen({
  request: (link, { target }) => impatient(link, target.slice(1)),
});
const daemon = await Daemon.start(
  settings(upstream.address, { cluster: { pool: { idle: "60s" } } }),
);
t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));

/** Bursts of changing size, so that connections wait, some of them just long enough to die. */
async function bursts(
  kind: (id: number) => readonly [string, string],
  count: number,
): Promise<Shot[]> {
  const shots: Shot[] = [];
  for (let burst = 0; shots.length < count; burst++) {
    const connections = 1 + ((burst * 7) % 24);
    const first = shots.length;
    const request = (id: number): readonly [string, string] => kind(first + id);
    shots.push(
      ...(await barrage(daemon.inbound, { connections, requests: connections * 4, request })),
    );
  }
  return shots;
}

t.test("no GET fails because its connection had died", async (t) => {
  const shots = await bursts(get, 3000);
  t.same(tally(shots), { 200: shots.length });
  t.same(
    shots.filter(({ status, body }) => status === 200 && body === ""),
    [],
  );
  t.ok(
    (await daemon.metric("retries_total")) > 0,
    "some connections had died, or this shows nothing",
  );
});

t.test("no POST is sent twice, whatever becomes of it", async (t) => {
  const before = upstream.requests.length;
  const shots = await bursts(post, 1000);
  const ids = upstream.requests.slice(before).map(({ target }) => target);
  t.equal(new Set(ids).size, ids.length, "each arrived at most once");
  const { 200: good = 0, upstream_reset: reset = 0, ...others } = tally(shots);
  t.same(others, {});
  t.equal(good + reset, shots.length);
  t.ok(good > shots.length / 2, `${good} of ${shots.length} were answered`);
});

t.test("nothing is left in flight", async (t) => {
  await daemon.metricIs("concurrency_in_flight", 0);
  t.equal(await daemon.metric("concurrency_in_flight"), 0);
});
