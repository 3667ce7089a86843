// Primaries that die and come back, and the backup that answers meanwhile: real processes, killed.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, type Shot, tally } from "../../support/load.ts";
import { lookUntil } from "../../support/look.ts";
import { values } from "../../support/message.ts";
import { scratch } from "../../support/scratch.ts";
import { Service } from "../../support/service.ts";
import { settings } from "../../support/settings.ts";
import { type Link, OK, POLITE, type Script, Upstream } from "../../support/upstream.ts";

const LOAD = { connections: 10, requests: 200, request: get };
const ADVICE = OK.replace("Content", "X-Tidegate-Max-Concurrency: 2\r\nContent");
const CHECK = { interval: "100ms", timeout: "1s", fall: 2, rise: 2 };

/** How many were answered by whom; what was not answered with 200 stands under its status. */
function answers(shots: readonly Shot[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { status, body } of shots) {
    const who = status === 200 ? body : String(status);
    counts[who] = (counts[who] ?? 0) + 1;
  }
  return counts;
}

function tierOf({ response }: Shot): string | undefined {
  return response && values(response.fields, "x-tidegate-tier")[0];
}

async function stage(t: Test, more: Readonly<Record<string, unknown>> = {}) {
  const [a, b, c] = await Promise.all(["a", "b", "c"].map((name) => Service.start(name)));
  if (a === undefined || b === undefined || c === undefined) throw new Error("three were started");
  const cluster = {
    endpoints: [a.address.text, b.address.text],
    backups: [c.address.text],
    healthCheck: CHECK,
    breaker: { open: { base: "200ms", max: "1s" }, ramp: "500ms" },
    ...more,
  };
  const daemon = await Daemon.start(settings(a.address, { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), ...[a, b, c].map((each) => each.kill())]));
  return { daemon, a, b };
}

t.test("primaries are killed one after the other and come back: nothing fails", async (t) => {
  const { daemon, a, b } = await stage(t);
  const all: Shot[] = [];
  const load = async (): Promise<readonly Shot[]> => {
    const shots = await barrage(daemon.inbound, LOAD);
    all.push(...shots);
    return shots;
  };
  await daemon.metricIs("endpoint_healthy", 3);
  const calm = answers(await load());
  t.equal(calm.c, undefined, "the backup is idle while primaries are there");
  await a.kill();
  t.match(answers(await load()), { b: Number });
  await b.kill();
  const backed = await load();
  t.same(answers(backed), { c: LOAD.requests });
  t.same(new Set(backed.map(tierOf)), new Set(["backup"]));
  t.ok((await daemon.metric("fallbacks_total", 'tier="backup"')) >= LOAD.requests);
  await Promise.all([a.restart(), b.restart()]);
  await daemon.metricIs("endpoint_healthy", 3);
  // The way back takes the hold and the ramp; each barrage is a look at how far it is.
  for (let looks = 0; looks < 1000; looks++) {
    if (answers(await load()).c === undefined) break;
  }
  const after = answers(await load());
  t.equal(after.c, undefined, "the backup is idle again");
  t.ok((after.a ?? 0) > 0 && (after.b ?? 0) > 0, "and both primaries are not");
  t.same(Object.keys(tally(all)), ["200"], `${all.length} requests, none of which failed`);
});

t.test(
  "both primaries die in the same instant: the backup answers what was under way",
  async (t) => {
    const { daemon, a, b } = await stage(t, { healthCheck: "off" });
    const load = barrage(daemon.inbound, { ...LOAD, requests: 3000 });
    await daemon.metricReaches("requests_total", 300);
    await Promise.all([a.kill(), b.kill()]);
    const shots = await load;
    t.same(tally(shots), { 200: 3000 });
    const { a: first = 0, b: second = 0, c: backup = 0 } = answers(shots);
    t.ok(first > 0 && second > 0 && backup > 0, "they died under load, or this shows nothing");
  },
);

t.test("what the primaries cannot carry spills to the backup, and nothing more", async (t) => {
  const held = new Map<Upstream, Link[]>();
  let round = 10;
  const most = new Map<Upstream, number>();
  const release = (): void => {
    const all = [...held.values()].flat();
    if (all.length < round) return;
    for (const [upstream, links] of held) {
      most.set(upstream, Math.max(most.get(upstream) ?? 0, links.length));
    }
    held.clear();
    for (const link of all) link.write(OK);
  };
  const script: Script = {
    request: (link, { target }) => {
      if (target === "/healthz") return link.write(link.upstream === c ? OK : ADVICE);
      held.set(link.upstream, [...(held.get(link.upstream) ?? []), link]);
      release();
    },
  };
  const [a, b, c] = await Promise.all([1, 2, 3].map(() => Upstream.listen(script)));
  if (!a || !b || !c) throw new Error("three upstreams");
  const cluster = {
    endpoints: [a.address.text, b.address.text],
    backups: [c.address.text],
    healthCheck: { ...CHECK, http: { path: "/healthz" } },
    retryBudget: { percent: 0, minimumPerSecond: 0 },
  };
  const daemon = await Daemon.start(settings(a.address, { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), a.close(), b.close(), c.close()]));
  const ready = `http://${daemon.health.text}/readyz`;
  await lookUntil(async () => (await fetch(ready)).status === 200, "ready");
  t.same(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  t.same(
    [a, b, c].map((each) => most.get(each)),
    [2, 2, 6],
    "each as much as it takes",
  );
  await b.close();
  await daemon.metricIs("endpoint_healthy", 2);
  most.clear();
  t.same(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  t.same(
    [a, b, c].map((each) => most.get(each)),
    [2, undefined, 8],
    "half of them are left",
  );
  round = 2;
  most.clear();
  t.same(tally(await barrage(daemon.inbound, { ...LOAD, connections: 2 })), { 200: LOAD.requests });
  t.same(
    [a, c].map((each) => most.get(each)),
    [2, undefined],
    "it carries this alone, at once",
  );
});

t.test("the state tells how many of backupConcurrency are in use", async (t) => {
  const held: Link[] = [];
  const hold: Script = { request: (link) => void held.push(link) };
  const [a, c] = await Promise.all([Upstream.listen(POLITE), Upstream.listen(hold)]);
  await a.close();
  const cluster = { backups: [c.address.text], backupConcurrency: 5 };
  const daemon = await Daemon.start(settings(a.address, { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), c.close()]));
  const load = { connections: 3, requests: 3, request: get };
  const shots = barrage(daemon.inbound, load);
  await c.bell.until(() => held.length === load.connections);
  const state = await fetch(`http://${daemon.admin.text}/state`);
  t.same(JSON.parse(await state.text()).clusters[0].backups, { inFlight: 3, limit: 5 });
  for (const link of held) link.write(OK);
  t.same(tally(await shots), { 200: load.requests });
});

t.test("connections wait at a backup that is well, and at no other endpoint", async (t) => {
  const [a, c] = await Promise.all([Upstream.listen(POLITE), Upstream.listen(POLITE)]);
  const healthCheck = { ...CHECK, http: { path: "/healthz" } };
  const cluster = { backups: [c.address.text], healthCheck, pool: { idle: "1h" } };
  const daemon = await Daemon.start(settings(a.address, { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), a.close(), c.close()]));
  const at = ({ address }: Upstream) => `endpoint="${address.text}"`;
  await daemon.metricIs("upstream_connections", 2, at(c));
  t.equal(await daemon.metric("upstream_connections", at(a)), 0);
  const links = c.links.length;
  const probes = () => c.requests.filter(({ target }) => target === "/healthz").length;
  const seen = probes();
  await c.bell.until(() => probes() > seen + 3);
  t.equal(await daemon.metric("upstream_connections", at(c)), 2, "probes do not add to them");
  await a.close();
  await daemon.metricIs("endpoint_healthy", 1);
  t.same(tally(await barrage(daemon.inbound, { ...LOAD, connections: 2 })), { 200: LOAD.requests });
  const used = c.links.filter(({ requests }) =>
    requests.some(({ target }) => target !== "/healthz"),
  );
  t.equal(used.length, 2);
  t.ok(
    used.every(({ index }) => index < links),
    "the failover needed no connection",
  );
});

t.test("what a breaker, a probe and an operator know is told: state, metrics, log", async (t) => {
  const sick = await Upstream.listen({
    request: (link) => link.write("HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n"),
  });
  const well = await Upstream.listen(POLITE);
  const cluster = {
    endpoints: [sick.address.text, well.address.text],
    breaker: { consecutiveFailures: 3, open: { base: "60s" } },
  };
  const log = { access: "off", level: "info" };
  const daemon = await Daemon.start(settings(sick.address, { cluster, log }));
  t.teardown(() => Promise.all([daemon.stop(), sick.close(), well.close()]));
  const counts = tally(await barrage(daemon.inbound, { ...LOAD, connections: 1 }));
  t.same(counts, { 200: LOAD.requests - 3, 500: 3 }, "three failures in a row, and no more");
  const of = `endpoint="${sick.address.text}"`;
  t.equal(await daemon.metric("breaker_state", of), 1);
  const change = `to="open",reason="consecutive_failures"`;
  t.equal(await daemon.metric("breaker_transitions_total", `${of},${change}`), 1);
  t.ok((await daemon.metric("breaker_open_seconds_total", of)) > 0);
  t.match(daemon.child.stderr, /"to":"open","reason":"consecutive_failures".*"msg":"breaker"/);
  const state: unknown = await (await fetch(`http://${daemon.admin.text}/state`)).json();
  const open = { state: "open", reason: "consecutive_failures" };
  const endpoints = [
    { usable: "open", breaker: open },
    { usable: "yes", health: "unknown", breaker: { state: "closed" } },
  ];
  t.match(state, { clusters: [{ tier: "primaries", endpoints }] });
  const events: unknown = await (await fetch(`http://${daemon.admin.text}/events`)).json();
  const { text } = sick.address;
  t.match(events, [{ subject: "breaker", endpoint: text, from: "closed", to: "open" }]);
  // An operator knows better, and says for how long.
  const post = { method: "POST", headers: { "content-type": "application/json" } };
  const order = (verb: string): string =>
    `http://${daemon.admin.text}/clusters/app/endpoints/${text}/${verb}`;
  t.equal((await fetch(`${order("close")}?for=10m`, post)).status, 200);
  t.match(tally(await barrage(daemon.inbound, { ...LOAD, connections: 1 })), { 500: Number });
  t.equal(await daemon.metric("breaker_state", of), 0, "forced closed, whatever it answers");
  t.equal((await fetch(order("drain"), post)).status, 200);
  t.same(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
});

t.test("the last endpoint is asked however sick it is", async (t) => {
  const sick = await Upstream.listen({
    request: (link) => link.write("HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n"),
  });
  const cluster = { breaker: { consecutiveFailures: 3 } };
  const daemon = await Daemon.start(settings(sick.address, { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), sick.close()]));
  t.same(tally(await barrage(daemon.inbound, LOAD)), { 500: LOAD.requests });
});

t.test("no endpoint passes its probes: 503 no_endpoint, and not ready", async (t) => {
  const gone = await Upstream.listen(POLITE);
  await gone.close();
  const daemon = await Daemon.start(settings(gone.address, { cluster: { healthCheck: CHECK } }));
  t.teardown(() => daemon.stop());
  await daemon.metricIs("endpoint_healthy", 0);
  t.same(tally(await barrage(daemon.inbound, { ...LOAD, requests: 20 })), { no_endpoint: 20 });
  const ready = await fetch(`http://${daemon.health.text}/readyz`);
  t.equal(ready.status, 503);
  t.match(await ready.text(), /no endpoint: app/);
});

t.test(
  "nobody is left: the static fallback answers, from a file, and the log says so",
  async (t) => {
    const gone = await Upstream.listen(POLITE);
    await gone.close();
    const folder = scratch();
    const file = join(folder.path, "sorry.json");
    writeFileSync(file, '{"busy":true}');
    const fallback = { status: 200, file, contentType: "application/json" };
    const cluster = { backups: ["127.0.0.1:1"], fallback };
    const log = { access: "errors", level: "error" };
    const daemon = await Daemon.start(settings(gone.address, { cluster, log }));
    t.teardown(() => daemon.stop().then(() => folder.remove()));
    const shots = await barrage(daemon.inbound, { ...LOAD, connections: 1, requests: 20 });
    t.same(answers(shots), { '{"busy":true}': 20 });
    t.same(new Set(shots.map(tierOf)), new Set(["fallback"]));
    t.equal(await daemon.metric("fallbacks_total", 'tier="fallback"'), 20);
    const line = await daemon.child.says(/^\{.*"status":200.*"tier":"fallback".*\}$/m);
    t.match(line[0], /"reason":"connect_failed"/);
  },
);
