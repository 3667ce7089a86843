// Instances that come and go, are all gone, and come back: faults D12, D13 and D14.
import t, { type Test } from "tap";
import { systemClock } from "../../../src/core/clock.ts";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, tally } from "../../support/load.ts";
import { values } from "../../support/message.ts";
import { Service } from "../../support/service.ts";
import { settings } from "../../support/settings.ts";
import { type Link, OK, POLITE, type Script, Upstream } from "../../support/upstream.ts";

const SICK_ANSWER = "HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n";
const SICK: Script = { request: (link) => link.write(SICK_ANSWER) };

interface Pair {
  readonly daemon: Daemon;
  readonly first: Upstream;
  readonly well: Upstream;
}

/** A sidecar before an upstream with this script, and one that answers well. */
async function pair(
  t: Test,
  script: Script,
  more: Readonly<Record<string, unknown>>,
): Promise<Pair> {
  const [first, well] = await Promise.all([Upstream.listen(script), Upstream.listen(POLITE)]);
  const endpoints = [first.address.text, well.address.text];
  const daemon = await Daemon.start(settings(first.address, { cluster: { endpoints, ...more } }));
  t.teardown(() => Promise.all([daemon.stop(), first.close(), well.close()]));
  return { daemon, first, well };
}

t.test("D12: an instance flaps: its state changes a few times, and no request fails", async (t) => {
  const flaps = 8;
  const longEnough = 3;
  let probes = 0;
  const flapping: Script = {
    request: (link, { target }) => {
      if (target !== "/healthz") return link.write(OK);
      const isUp = Math.floor(probes++ / longEnough) % 2 === 0;
      link.write(isUp ? OK : "HTTP/1.1 503 Down\r\nContent-Length: 0\r\n\r\n");
    },
  };
  const check = {
    http: { path: "/healthz" },
    interval: "100ms",
    timeout: "100ms",
    fall: 2,
    rise: 2,
  };
  const begin = systemClock.now();
  const { daemon, first } = await pair(t, flapping, { healthCheck: check });
  const counts: Record<string, number> = {};
  while (probes < 2 * flaps * longEnough) {
    const shots = await barrage(daemon.inbound, { connections: 5, requests: 100, request: get });
    for (const [way, count] of Object.entries(tally(shots))) {
      counts[way] = (counts[way] ?? 0) + count;
    }
  }
  t.same(Object.keys(counts), ["200"]);
  const response = await fetch(`http://${daemon.admin.text}/events`);
  const events: readonly { endpoint: string; reason: string }[] = JSON.parse(await response.text());
  const changes = events.filter(
    ({ endpoint, reason }) => endpoint === first.address.text && !reason.startsWith("first_probe"),
  );
  const tenths = Math.ceil((systemClock.now() - begin) / 10_000);
  t.ok(changes.length >= 2, "it fell, or this shows nothing");
  t.ok(changes.length <= 3 + tenths, `${changes.length} changes in ${flaps} flaps`);
});

t.test(
  "D12: an instance that fails and answers in turns is left alone after its second trip",
  async (t) => {
    // Up for so many requests and down for as many.
    const spell = 10;
    let asked = 0;
    const flapping: Script = {
      request: (link) => link.write(Math.floor(asked++ / spell) % 2 === 0 ? OK : SICK_ANSWER),
    };
    const breaker = {
      ...{ consecutiveFailures: 3, ramp: "0s" },
      failureRate: { minimumRequests: 1e6 },
      open: { base: "20ms" },
    };
    const { daemon, first } = await pair(t, flapping, { breaker });
    const label = `endpoint="${first.address.text}"`;
    const trips = (): Promise<number> =>
      daemon.metric(
        "breaker_transitions_total",
        `${label},to="open",reason="consecutive_failures"`,
      );
    const load = { connections: 4, requests: 200, request: get };
    while ((await trips()) < 2) await barrage(daemon.inbound, load);
    const [tries, before] = [await daemon.metric("attempts_total", label), asked];
    for (let n = 0; n < 20; n++) await barrage(daemon.inbound, load);
    t.equal(asked - before, (await daemon.metric("attempts_total", label)) - tries);
    t.ok(asked - before <= load.connections, "what was under way, and nothing after that");
    const state = await fetch(`http://${daemon.admin.text}/state`);
    const { untilMs } = JSON.parse(await state.text()).clusters[0].endpoints[0].breaker;
    t.ok(untilMs > 1000, `it is left alone for ${untilMs} ms more, and not for the base`);
  },
);

t.test(
  "D13: all are down: each request is refused at once, and nobody is asked for it",
  async (t) => {
    const gone = await Upstream.listen(POLITE);
    await gone.close();
    // The first probe decides; the next one is a minute away, whatever comes meanwhile.
    const cluster = { healthCheck: { interval: "60s", timeout: "1s" } };
    const daemon = await Daemon.start(settings(gone.address, { cluster }));
    t.teardown(() => daemon.stop());
    await daemon.metricIs("endpoint_healthy", 0);
    const probes = await daemon.metric("health_checks_total");
    const shots = await barrage(daemon.inbound, { connections: 20, requests: 1000, request: get });
    t.same(tally(shots), { no_endpoint: 1000 });
    t.ok(shots.every(({ status }) => status === 503));
    const waits = shots.map(
      ({ response }) => response && values(response.fields, "retry-after")[0],
    );
    t.ok(waits.every((wait) => Number(wait) >= 1));
    t.equal(await daemon.metric("attempts_total"), 0);
    t.equal(await daemon.metric("health_checks_total"), probes, "load brings no probes");
  },
);

t.test("D13: after an outage of all, what passes its probes is used at once", async (t) => {
  const only = await Service.start("a");
  const cluster = { healthCheck: { interval: "200ms", timeout: "200ms", fall: 2, rise: 2 } };
  const daemon = await Daemon.start(settings(only.address, { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), only.kill()]));
  const load = { connections: 5, requests: 50, request: get };
  t.same(tally(await barrage(daemon.inbound, load)), { 200: 50 });
  await only.kill();
  await daemon.metricIs("endpoint_healthy", 0);
  t.same(tally(await barrage(daemon.inbound, load)), { no_endpoint: 50 });
  const before = await daemon.metric("health_checks_total", 'result="ok"');
  await only.restart();
  await daemon.metricIs("endpoint_healthy", 1);
  const needed = (await daemon.metric("health_checks_total", 'result="ok"')) - before;
  t.same(tally(await barrage(daemon.inbound, load)), { 200: 50 });
  // Between two looks there may have been another one.
  t.ok(needed >= 2 && needed <= 4, `${needed} probes`);
});

t.test("D14: a tripped instance gets one, five trials, and then little by little", async (t) => {
  const breaker = {
    ...{ consecutiveFailures: 3, trials: 5, ramp: "10m" },
    open: { base: "100ms", max: "100ms" },
  };
  const { daemon, first, well } = await pair(t, SICK, { breaker });
  const load = { connections: 15, requests: 100, request: get };
  const label = `endpoint="${first.address.text}"`;
  const rounds = (): Promise<number> =>
    daemon.metric("breaker_transitions_total", `${label},to="open",reason="trials_failed"`);
  while ((await rounds()) < 1) await barrage(daemon.inbound, load);
  const held: Link[] = [];
  let ahead = 0;
  // Trials have failed, and so one request goes ahead.
  first.script = {
    request: (link) => {
      if (ahead++ === 0) link.write(OK);
      else held.push(link);
    },
  };
  let more = true;
  const all = { ...load, requests: 100_000 };
  const shots = barrage(daemon.inbound, {
    ...all,
    // It goes on until the trials have been seen.
    get requests() {
      return more ? all.requests : 0;
    },
  });
  await first.bell.until(() => held.length === 5);
  const seen = well.requests.length;
  await well.bell.until(() => well.requests.length >= seen + 200);
  t.equal(held.length, 5, "two hundred more, and not one of them went there");
  t.equal(await daemon.metric("breaker_state", label), 2);
  more = false;
  first.script = POLITE;
  for (const link of held) link.write(OK);
  t.same(Object.keys(tally(await shots)), ["200"]);
  await daemon.metricIs("breaker_state", 0, label);
  // The first tenth of the ramp is a minute, which is longer than this takes.
  const before = first.requests.length;
  const requests = 500;
  t.same(tally(await barrage(daemon.inbound, { ...load, requests })), { 200: requests });
  const got = first.requests.length - before;
  t.ok(got <= requests / 2 / 10, `its share were ${requests / 2}, and it got ${got}`);
});
