// Which endpoint a cluster picks, by what is known of them.
import t from "tap";
import { type Advice, NO_ADVICE } from "../../src/policy/advice.ts";
import type { Endpoint } from "../../src/proxy/endpoint.ts";
import { Chance } from "../fuzz/chance.ts";
import { HOLD_MS, make, settingsOf } from "./clusters.ts";

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
  find("a:1", "healthy", { advice: { ...NO_ADVICE, drain: true } });
  t.equal(pick(), "b:1");
  find("a:1", "healthy", { advice: { ...NO_ADVICE, maxConcurrency: 1 } });
  at("a:1").enter(clock.now());
  t.equal(at("a:1").unusable(clock.now()), "full");
  t.equal(pick(), "b:1");
  at("a:1").leave();
  fail("b:1");
  fail("b:1");
  t.equal(at("b:1").unusable(clock.now()), "open");
  t.equal(pick(), "a:1");
});

function drawing(primaries: readonly string[]) {
  const chance = new Chance(7);
  return make(primaries, [], 1000, () => chance.next() / 2 ** 32);
}

/** The share of `text` among 20,000 requests, of which `atOnce` are always under way. */
function share({ cluster, clock }: ReturnType<typeof make>, text: string, atOnce: number): number {
  const chance = new Chance(8);
  const busy: Endpoint[] = [];
  let count = 0;
  for (let i = 0; i < 20_000; i++) {
    if (busy.length >= atOnce) busy.splice(chance.below(busy.length), 1)[0]?.leave();
    const endpoint = cluster.pick([], clock.now());
    if (endpoint === undefined) throw new Error("nobody to ask");
    endpoint.enter(clock.now());
    busy.push(endpoint);
    if (endpoint.address.text === text) count++;
  }
  return count / 20_000;
}

t.test("who comes back is picked little at first, however light it looks", async (t) => {
  const { at, clock, pick, find } = drawing(["a:1", "b:1"]);
  find("a:1", "unhealthy");
  at("b:1").settle(at("b:1").enter(clock.now()), "success", clock.now(), 500);
  find("a:1", "healthy");
  const share = (): number => {
    let picked = 0;
    for (let i = 0; i < 1000; i++) if (pick() === "a:1") picked++;
    return picked / 1000;
  };
  clock.pass(500);
  t.ok(share() < 0.1, "half a second of the ramp of ten");
  clock.pass(4500);
  const half = share();
  t.ok(half > 0.4 && half < 0.6, "half of what it would get, which is everything");
  clock.pass(5000);
  t.equal(share(), 1, "it has no load, and the other one has");
});

t.test("where nobody has been there all along, those who come back get everything", async (t) => {
  const { clock, pick, find } = make(["a:1", "b:1"]);
  for (const each of ["a:1", "b:1"]) find(each, "unhealthy");
  for (const each of ["a:1", "b:1"]) find(each, "healthy");
  clock.pass(1);
  t.not(pick(), undefined);
});

t.test("a primary that was not tried comes before a backup that was", async (t) => {
  const { pick, find } = make(["a:1"], ["c:1"]);
  find("a:1", "unhealthy");
  t.equal(pick(), "c:1");
  find("a:1", "healthy");
  t.equal(pick(), "c:1", "the primary is only just back");
  t.equal(pick("c:1"), "a:1");
  t.equal(pick("c:1", "a:1"), "c:1");
});

t.test("requests go by weight, with few of them under way and with many", async (t) => {
  for (const atOnce of [1, 10, 100]) {
    const got = share(drawing(["a:1 20", "b:1", "c:1 80"]), "a:1", atOnce);
    t.ok(Math.abs(got - 0.1) < 0.015, `${atOnce} at once: ${got}`);
  }
});

t.test("what an endpoint says of its weight is a part of what the config says", async (t) => {
  const stage = drawing(["a:1 50", "b:1 75"]);
  stage.find("a:1", "healthy", { advice: { ...NO_ADVICE, weight: 50 } });
  const got = share(stage, "a:1", 10);
  t.ok(Math.abs(got - 0.25) < 0.02, `25 of 100: ${got}`);
});

t.test("a weight of 0 is no traffic, and one that changes holds at once", async (t) => {
  const { at, clock, cluster, pick } = make(["a:1 0", "b:1 0"], ["c:1 0", "d:1"]);
  t.equal(at("a:1").unusable(clock.now()), "draining");
  t.equal(pick(), "d:1");
  t.ok(cluster.usable(clock.now()));
  cluster.update(settingsOf(["a:1 0", "b:1 1"]));
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

t.test("one on trial is no reason for the last one to trip", async (t) => {
  const { at, clock, fail } = make(["a:1", "b:1"]);
  for (let i = 0; i < 2; i++) fail("a:1");
  clock.pass(60_000);
  t.equal(at("a:1").unusable(clock.now()), undefined, "a trial may go there");
  for (let i = 0; i < 5; i++) fail("b:1");
  t.equal(at("b:1").breaker?.state, "closed");
  for (let i = 0; i < 5; i++) fail("a:1");
  t.equal(at("a:1").breaker?.state, "open");
  t.equal(at("b:1").unusable(clock.now()), undefined, "somebody is left");
});

t.test("one that gets nothing is no reason for the last one to trip", async (t) => {
  const { at, clock, find, fail } = make(["a:1", "b:1", "c:1"]);
  find("a:1", "healthy", { advice: { ...NO_ADVICE, weight: 0 } });
  at("c:1").override("drain", clock.now(), Number.POSITIVE_INFINITY);
  for (let i = 0; i < 5; i++) fail("b:1");
  t.equal(at("b:1").breaker?.state, "closed");
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

t.test("who fell too often is asked at last, but not against anybody's word", async (t) => {
  const words: readonly Partial<Advice>[] = [{ drain: true }, { weight: 0 }, { maxConcurrency: 1 }];
  for (const said of words) {
    const { at, clock, cluster, pick, find } = make(["a:1", "b:1 0"]);
    find("b:1", "unhealthy", { held: true });
    find("a:1", "unhealthy", { held: true });
    at("a:1").enter(clock.now());
    t.equal(pick(), "a:1");
    find("a:1", "unhealthy", { held: true, advice: { ...NO_ADVICE, ...said } });
    t.equal(pick(), undefined, JSON.stringify(said));
    t.equal(cluster.usable(clock.now()), said.maxConcurrency === 1, "what is full is usable");
  }
});

t.test("full primaries spill to the backups, one request at a time", async (t) => {
  const { cluster, clock, at, meter, pick, find } = make(["a:1", "b:1"], ["c:1"]);
  find("b:1", "unhealthy");
  find("a:1", "healthy", { advice: { ...NO_ADVICE, maxConcurrency: 1 } });
  at("a:1").enter(clock.now());
  t.equal(pick(), "c:1");
  t.equal(cluster.tier, "primaries", "nobody has failed");
  at("a:1").leave();
  t.equal(pick(), "a:1", "without a hold, without a ramp");
  const series = meter.families.get("fallbacks_total")?.series.values().toArray();
  t.match(series, [{ labels: { tier: "backup", reason: "full" }, instrument: { value: 1 } }]);
});

t.test("a cluster that is full is still usable", async (t) => {
  const { cluster, clock, at, pick, find } = make(["a:1"]);
  find("a:1", "healthy", { advice: { ...NO_ADVICE, maxConcurrency: 1 } });
  at("a:1").enter(clock.now());
  t.equal(pick(), undefined);
  t.ok(cluster.usable(clock.now()));
});

t.test("a request has another place to go to once for each endpoint, at most", async (t) => {
  const { cluster, clock, at, find } = make(["a:1", "b:1"], ["c:1"]);
  const [a, b, c] = [at("a:1"), at("b:1"), at("c:1")];
  t.ok(cluster.hasOther([], a, clock.now()));
  t.ok(cluster.hasOther([a], b, clock.now()), "the backup");
  t.notOk(cluster.hasOther([a, b], c, clock.now()));
  t.notOk(cluster.hasOther([a, a], a, clock.now()), "it has gone on as often as it may");
  find("b:1", "unhealthy");
  find("c:1", "unhealthy");
  t.notOk(cluster.hasOther([], a, clock.now()));
});
