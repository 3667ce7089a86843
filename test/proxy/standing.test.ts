// Who answers for a cluster, and what is told of it.
import t from "tap";
import { NO_ADVICE } from "../../src/policy/advice.ts";
import { BREAKER, HOLD_MS, make, settingsOf } from "./clusters.ts";

const FALLBACK = { status: 503, headers: {}, contentType: "text/plain", body: "" };

t.test("primaries -> backups -> returning -> primaries", async (t) => {
  const { cluster, clock, meter, tiers, pick, find } = make(["a:1"], ["x:1"]);
  pick();
  t.strictSame(tiers, []);
  find("a:1", "unhealthy");
  pick();
  pick();
  t.strictSame(tiers, ["primaries -> backups down"]);
  t.equal(cluster.standing, "backups");
  find("a:1", "healthy");
  pick();
  clock.pass(HOLD_MS);
  pick();
  pick();
  const after = ["backups -> returning hold_over", "returning -> primaries ramp_over"];
  t.strictSame(tiers.slice(1), after);
  const series = meter.families.get("tier_transitions_total")?.series.values().toArray();
  t.match(series, [
    { labels: { cluster: "app", to: "backups", reason: "down" }, instrument: { value: 1 } },
    { labels: { to: "returning" } },
    { labels: { to: "primaries" } },
  ]);
});

t.test("backups -> fallback -> backups", async (t) => {
  const { cluster, tiers, pick, find } = make(["a:1"], ["x:1"]);
  cluster.update(settingsOf(["a:1"], ["x:1"], { fallback: FALLBACK }));
  find("a:1", "unhealthy");
  pick();
  find("x:1", "unhealthy");
  pick();
  pick();
  t.equal(cluster.standing, "fallback");
  find("x:1", "healthy");
  pick();
  const told = ["primaries -> backups down", "backups -> fallback down"];
  t.strictSame(tiers, [...told, "fallback -> backups usable"]);
});

t.test("without a fallback nobody answers", async (t) => {
  const { tiers, pick, find } = make(["a:1"]);
  find("a:1", "unhealthy");
  pick();
  find("a:1", "healthy");
  pick();
  t.strictSame(tiers, ["primaries -> nobody down", "nobody -> primaries usable"]);
});

t.test("a trial is no return", async (t) => {
  const { cluster, clock, tiers, pick, fail, succeed } = make(["a:1"]);
  const breaker = { ...BREAKER, open: { base: 1000, max: 1000, jitter: 0 } };
  cluster.update(settingsOf(["a:1"], [], { breaker, minimumHealthy: 0 }));
  fail("a:1");
  fail("a:1");
  t.equal(pick(), undefined);
  for (let round = 0; round < 3; round++) {
    clock.pass(1000);
    t.equal(pick(), "a:1");
    for (let n = 0; n < 3; n++) fail("a:1");
    t.equal(pick(), undefined);
  }
  t.strictSame(tiers, ["primaries -> nobody open"]);
  clock.pass(1000);
  for (let n = 0; n < 1 + 3; n++) succeed("a:1");
  t.equal(pick(), "a:1");
  t.strictSame(tiers.slice(1), ["nobody -> primaries usable"]);
});

t.test("what is only full changes nothing", async (t) => {
  const { at, clock, tiers, pick, find } = make(["a:1"], ["x:1"], 1);
  find("a:1", "healthy", { advice: { ...NO_ADVICE, maxConcurrency: 1 } });
  at("a:1").enter(clock.now());
  t.equal(pick(), "x:1");
  at("x:1").enter(clock.now());
  t.equal(pick(), undefined);
  t.strictSame(tiers, []);
});

t.test("a cluster whose backups are taken away asks primaries", async (t) => {
  const { cluster, tiers, pick, find } = make(["a:1"], ["x:1"]);
  find("a:1", "unhealthy");
  pick();
  cluster.update(settingsOf(["a:1"]));
  find("a:1", "healthy");
  t.equal(pick(), "a:1");
  t.equal(cluster.standing, "primaries");
  t.strictSame(tiers.slice(1), ["backups -> primaries ramp_over"]);
});
