// A cluster whose settings change while it works.
import t from "tap";
import type { Meter } from "../../src/core/meter.ts";
import { BREAKER, make, settingsOf } from "./clusters.ts";

/** The endpoints of which there is a series of `family`. */
function seriesOf(meter: Meter, family: string): readonly (string | undefined)[] {
  const series = meter.families.get(family)?.series.values() ?? [];
  return Array.from(series, ({ labels }) => labels.endpoint);
}

t.test("an endpoint that stays keeps all that is known of it", async (t) => {
  const { cluster, clock, at, find, fail } = make(["a:1", "b:1"], ["c:1"]);
  const [a, b, c] = ["a:1", "b:1", "c:1"].map(at);
  fail("a:1");
  fail("a:1");
  find("b:1", "unhealthy");
  c?.enter(clock.now());
  cluster.update(settingsOf(["b:1", "a:1", "d:1"], ["c:1"]));
  t.equal(at("a:1"), a);
  t.equal(at("b:1"), b);
  t.equal(at("c:1"), c);
  t.equal(a?.unusable(clock.now()), "open");
  t.equal(b?.unusable(clock.now()), "down");
  t.equal(c?.load, 1);
  t.strictSame(
    cluster.endpoints.map(({ address }) => address.text),
    ["b:1", "a:1", "d:1", "c:1"],
    "in the order of the settings",
  );
});

t.test("an operator's word outlives a change", async (t) => {
  const { cluster, clock, at } = make(["a:1", "b:1"]);
  at("a:1").override("drain", clock.now(), Number.POSITIVE_INFINITY);
  at("b:1").override("open", clock.now(), Number.POSITIVE_INFINITY);
  cluster.update(settingsOf(["a:1", "b:1"], [], { breaker: { ...BREAKER, trials: 1 } }));
  t.equal(at("a:1").overridden(clock.now()), "drain");
  t.equal(at("b:1").overridden(clock.now()), "open");
});

t.test("a new endpoint gets requests, one that is gone gets none", async (t) => {
  const { cluster, pick } = make(["a:1"]);
  cluster.update(settingsOf(["b:1"]));
  t.equal(pick(), "b:1");
  t.equal(cluster.find("a:1"), undefined);
});

t.test("one that is gone finishes what it works on, then its series go", async (t) => {
  const { cluster, clock, meter, at } = make(["a:1", "b:1"]);
  const a = at("a:1");
  const call = a.enter(clock.now());
  cluster.update(settingsOf(["b:1"]));
  a.meter.count("answered", 1);
  t.strictSame(seriesOf(meter, "attempts_total"), ["a:1"], "it still counts");
  t.strictSame(seriesOf(meter, "upstream_connections"), ["a:1", "b:1"]);
  a.settle(call, "success", clock.now(), 1);
  a.leave();
  for (const [name, { series }] of meter.families) {
    const left = [...series.values()].filter(({ labels }) => labels.endpoint === "a:1");
    t.strictSame(left, [], name);
  }
  t.strictSame(seriesOf(meter, "upstream_connections"), ["b:1"]);
});

t.test("one that comes back before it had gone is the same", async (t) => {
  const { cluster, clock, meter, at } = make(["a:1", "b:1"]);
  const a = at("a:1");
  a.enter(clock.now());
  cluster.update(settingsOf(["b:1"]));
  cluster.update(settingsOf(["b:1", "a:1"]));
  t.equal(at("a:1"), a);
  a.leave();
  t.strictSame(seriesOf(meter, "upstream_connections"), ["a:1", "b:1"], "its series stay");
});

t.test("one that has gone and comes back is new", async (t) => {
  const { cluster, meter, at, pick, find } = make(["a:1"]);
  const a = at("a:1");
  find("a:1", "unhealthy");
  cluster.update(settingsOf(["b:1"]));
  cluster.update(settingsOf(["a:1"]));
  t.not(at("a:1"), a);
  t.equal(pick(), "a:1");
  t.strictSame(seriesOf(meter, "upstream_connections"), ["a:1"]);
});

t.test("one that changes its tier keeps all that is known of it", async (t) => {
  const { cluster, clock, meter, at, pick, fail } = make(["a:1"], ["b:1"]);
  const a = at("a:1");
  fail("a:1");
  fail("a:1");
  cluster.update(settingsOf(["b:1"], ["a:1"]));
  t.equal(at("a:1"), a);
  t.equal(a.unusable(clock.now()), "open");
  t.equal(pick(), "b:1");
  t.equal(a.tier, "backup");
  const healthy = meter.families.get("endpoint_healthy")?.series.values() ?? [];
  t.strictSame(Array.from(healthy, ({ labels }) => `${labels.endpoint} ${labels.tier}`).sort(), [
    "a:1 backup",
    "b:1 primary",
  ]);
});

t.test("an address that is named twice is one endpoint", async (t) => {
  const { cluster } = make(["a:1"]);
  cluster.update(settingsOf(["a:1", "a:1", "b:1"], ["b:1", "c:1"]));
  t.strictSame(
    cluster.endpoints.map(({ address, tier }) => `${address.text} ${tier}`),
    ["a:1 primary", "b:1 primary", "c:1 backup"],
  );
});

t.test("a breaker goes on by new rules", async (t) => {
  const { cluster, clock, at, fail } = make(["a:1", "b:1"]);
  fail("a:1");
  cluster.update(
    settingsOf(["a:1", "b:1"], [], { breaker: { ...BREAKER, consecutiveFailures: 3 } }),
  );
  fail("a:1");
  t.equal(at("a:1").unusable(clock.now()), undefined, "two were enough before");
  fail("a:1");
  t.equal(at("a:1").unusable(clock.now()), "open", "the one before the change counts");
});

t.test("a breaker can be turned off and on", async (t) => {
  const { cluster, clock, meter, at, fail } = make(["a:1", "b:1"]);
  fail("a:1");
  fail("a:1");
  cluster.update(settingsOf(["a:1", "b:1"], [], { breaker: undefined, minimumHealthy: 0 }));
  t.equal(at("a:1").unusable(clock.now()), undefined);
  for (const name of ["breaker_state", "breaker_open_seconds_total", "breaker_transitions_total"]) {
    t.strictSame(seriesOf(meter, name), [], name);
  }
  cluster.update(settingsOf(["a:1", "b:1"]));
  fail("a:1");
  t.equal(at("a:1").unusable(clock.now()), undefined, "it counts anew");
  fail("a:1");
  t.equal(at("a:1").unusable(clock.now()), "open");
  t.strictSame(seriesOf(meter, "breaker_state"), ["a:1", "b:1"]);
});

t.test("what was retried lately counts on in a budget of another size", async (t) => {
  const { cluster, clock } = make(["a:1"]);
  for (let n = 0; n < 10; n++) cluster.budget.spend(clock.now());
  cluster.update(settingsOf(["a:1"], [], { retryBudget: { percent: 0, minimumPerSecond: 2 } }));
  t.equal(cluster.budget.remaining(clock.now()), 10);
});

t.test("without probes nobody is down any more", async (t) => {
  const { at, clock, find } = make(["a:1"]);
  find("a:1", "unhealthy", { advice: { weight: 0, drain: true, maxConcurrency: 1 } });
  at("a:1").unchecked();
  t.equal(at("a:1").unusable(clock.now()), undefined);
});

t.test("a fallback comes, changes and goes", async (t) => {
  const { cluster } = make(["a:1"]);
  const said = { status: 503, headers: {}, contentType: "text/plain", body: "one" };
  for (const fallback of [said, { ...said, body: "two" }]) {
    cluster.update(settingsOf(["a:1"], [], { fallback }));
    t.equal(cluster.fallback?.instead("no_endpoint").body, fallback.body);
  }
  cluster.update(settingsOf(["a:1"]));
  t.equal(cluster.fallback, undefined);
});
