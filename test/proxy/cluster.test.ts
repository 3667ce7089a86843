// Which endpoint a cluster picks, by what is known of them.
import t from "tap";
import { HOLD_MS } from "../../src/policy/tier.ts";
import { make, QUIET } from "./clusters.ts";

t.test("the lighter one by load and latency is picked", async (t) => {
  const { at, clock, pick } = make(["a:1", "b:1"]);
  at("a:1").enter(clock.now());
  t.equal(pick(), "b:1");
  at("b:1").settle(at("b:1").enter(clock.now()), "success", clock.now(), 500);
  t.equal(pick(), "a:1", "one request each, and b is slow");
});

t.test("a quick failure makes nobody attractive", async (t) => {
  const { at, clock, pick } = make(["a:1", "b:1"]);
  at("a:1").settle(at("a:1").enter(clock.now()), "success", clock.now(), 0.1);
  at("b:1").settle(at("b:1").enter(clock.now()), "failure", clock.now(), 0.1);
  at("b:1").enter(clock.now());
  t.equal(pick(), "a:1");
});

t.test("who is down, open, draining or full is not picked", async (t) => {
  const { at, clock, pick, find, fail } = make(["a:1", "b:1"]);
  find("a:1", "unhealthy");
  t.equal(pick(), "b:1");
  find("a:1", "healthy", { advice: { ...QUIET, drain: true } });
  t.equal(pick(), "b:1");
  find("a:1", "healthy", { advice: { ...QUIET, maxConcurrency: 1 } });
  at("a:1").enter(clock.now());
  t.equal(at("a:1").unusable(clock.now()), "full");
  t.equal(pick(), "b:1");
  at("a:1").leave();
  fail("b:1");
  fail("b:1");
  t.equal(at("b:1").unusable(clock.now()), "open");
  t.equal(pick(), "a:1");
});

t.test("weight turns traffic down", async (t) => {
  const { pick, find } = make(["a:1", "b:1"]);
  find("a:1", "healthy", { advice: { ...QUIET, weight: 10 } });
  t.equal(pick(), "b:1");
});

t.test("who was tried is not picked again while somebody else is there", async (t) => {
  const { pick, find } = make(["a:1", "b:1"]);
  t.equal(pick("a:1"), "b:1");
  t.equal(pick("b:1"), "a:1");
  find("b:1", "unhealthy");
  t.equal(pick("a:1"), "a:1", "then rather again than nobody");
});

t.test("a second try goes to a backup rather than to a primary that was tried", async (t) => {
  const { pick, find } = make(["a:1", "b:1"], ["c:1"]);
  find("b:1", "unhealthy");
  t.equal(pick("a:1"), "c:1");
});

t.test("backups are picked when no primary can be, up to their cap", async (t) => {
  const { at, clock, meter, pick, find } = make(["a:1"], ["c:1"], 1);
  t.equal(pick(), "a:1");
  find("a:1", "unhealthy");
  t.equal(pick(), "c:1");
  const series = meter.families.get("fallbacks_total")?.series.values().toArray();
  t.match(series, [{ labels: { tier: "backup", reason: "down" }, instrument: { value: 1 } }]);
  at("c:1").enter(clock.now());
  t.equal(pick(), undefined);
});

t.test("the way back to the primaries takes the hold", async (t) => {
  const { clock, pick, find } = make(["a:1"], ["c:1"]);
  find("a:1", "unhealthy");
  t.equal(pick(), "c:1");
  find("a:1", "healthy");
  t.equal(pick(), "c:1");
  clock.pass(HOLD_MS);
  t.equal(pick(), "a:1");
});

t.test("the last primary does not trip, unless a backup is usable", async (t) => {
  const alone = make(["a:1"]);
  for (let i = 0; i < 5; i++) alone.fail("a:1");
  t.equal(alone.pick(), "a:1");
  const backed = make(["a:1"], ["c:1"]);
  for (let i = 0; i < 2; i++) backed.fail("a:1");
  t.equal(backed.pick(), "c:1");
});

t.test("one that only fell too often lately is better than nobody", async (t) => {
  const { cluster, clock, pick, find } = make(["a:1", "b:1"]);
  find("a:1", "unhealthy");
  find("b:1", "unhealthy");
  t.equal(pick(), undefined);
  t.notOk(cluster.usable(clock.now()));
  find("b:1", "unhealthy", { held: true });
  t.equal(pick(), "b:1");
  t.ok(cluster.usable(clock.now()));
});
