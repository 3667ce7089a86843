// Breakers that are open when the others are gone: who is asked then.
import t from "tap";
import { NO_ADVICE } from "../../src/policy/advice.ts";
import { BREAKER, make, settingsOf } from "./clusters.ts";

/** Longer than the base, and far from the end of the opening. */
const OPEN = { base: 1000, max: 600_000, jitter: 0 };
const DRAINED = { advice: { ...NO_ADVICE, drain: true } };

/** Endpoints, of which some have tripped, in this order, and have failed their trials a few times. */
function sick(primaries: readonly string[], tripped: readonly string[], minimumHealthy = 1) {
  const scene = make(primaries);
  const breaker = { ...BREAKER, open: OPEN };
  scene.cluster.update(settingsOf(primaries, [], { breaker, minimumHealthy }));
  const { clock, at } = scene;
  for (const longest of [1, 2, 4, 8, 16, 32]) {
    for (const each of tripped) {
      while (at(each).unusable(clock.now()) === undefined) scene.fail(each);
      clock.pass(1);
    }
    clock.pass(longest === 32 ? OPEN.base : longest * OPEN.base);
  }
  return scene;
}

t.test("two are open and the third goes down: the one that waited longest is tried", async (t) => {
  const { clock, at, pick, find, succeed } = sick(["a:1", "b:1", "c:1"], ["b:1", "a:1"]);
  t.equal(pick(), "c:1");
  find("c:1", "unhealthy");
  t.equal(pick(), "b:1", "at once");
  t.equal(at("a:1").unusable(clock.now()), "open", "and only that one");
  // One goes ahead of the trials, of which three decide.
  for (let n = 0; n < 1 + 3; n++) succeed("b:1");
  t.equal(at("b:1").breaker?.state, "closed");
  t.equal(pick(), "b:1");
});

t.test("when its trials fail the next one is tried, and each once in the base time", async (t) => {
  const { clock, pick, find, fail } = sick(["a:1", "b:1", "c:1"], ["b:1", "a:1"]);
  find("c:1", "unhealthy");
  const tried: (string | undefined)[] = [];
  for (let ms = 0; ms < 2000; ms += 10) {
    for (let picked = pick(); picked !== undefined; picked = pick()) {
      tried.push(picked);
      fail(picked);
      clock.pass(1);
    }
    clock.pass(10);
  }
  // One call goes ahead each time, and does not come to any trials.
  t.strictSame(tried, ["b:1", "a:1", "b:1", "a:1"]);
});

t.test("while the trials of one are under way, the next one is tried", async (t) => {
  const { clock, at, pick, find } = sick(["a:1", "b:1", "c:1"], ["b:1", "a:1"]);
  find("c:1", "unhealthy");
  const picked = Array.from({ length: 8 }, () => {
    const text = pick();
    if (text !== undefined) at(text).enter(clock.now());
    return text;
  });
  t.strictSame(picked.slice(0, 3), ["b:1", "a:1", undefined]);
});

t.test("who is drained is missing as well", async (t) => {
  const { pick, find } = sick(["a:1", "b:1"], ["a:1"]);
  find("b:1", "healthy", DRAINED);
  t.equal(pick(), "a:1");
});

t.test("minimumHealthy is a number: two of four", async (t) => {
  const all = ["a:1", "b:1", "c:1", "d:1"];
  const { clock, at, pick, find } = sick(all, ["a:1", "b:1"], 2);
  pick();
  t.equal(at("a:1").unusable(clock.now()), "open", "c and d are two");
  find("d:1", "unhealthy");
  pick();
  t.equal(at("a:1").unusable(clock.now()), undefined, "c and a");
  t.equal(at("b:1").unusable(clock.now()), "open");
});

t.test("with a minimum of 0 breakers may open all of them, and do", async (t) => {
  const { pick } = sick(["a:1", "b:1"], ["a:1", "b:1"], 0);
  t.equal(pick(), undefined);
});

t.test("in a shared outage of which no probe knows the others are tried once each", async (t) => {
  const { clock, at, pick, fail } = sick(["a:1", "b:1", "c:1"], ["a:1", "b:1"]);
  const tried: Record<string, number> = {};
  for (let n = 0; n < 100; n++) {
    const picked = pick() ?? "nobody";
    tried[picked] = (tried[picked] ?? 0) + 1;
    fail(picked);
  }
  t.strictSame(tried, { "c:1": 98, "a:1": 1, "b:1": 1 });
  for (const each of ["a:1", "b:1"]) t.equal(at(each).unusable(clock.now()), "open");
});

t.test(
  "the last one dies, and no probe knows: one that is well again takes its place",
  async (t) => {
    const { at, pick, fail, succeed } = sick(["a:1", "b:1"], ["a:1"]);
    let failed = 0;
    for (let n = 0; n < 20; n++) {
      if (pick() === "b:1") {
        fail("b:1");
        failed++;
      }
      // Whoever has failed there goes elsewhere.
      if (pick("b:1") === "a:1") succeed("a:1");
    }
    t.equal(at("a:1").breaker?.state, "closed");
    t.equal(at("b:1").breaker?.state, "open", "it need not stay any more");
    t.ok(failed >= BREAKER.consecutiveFailures && failed < 10, `${failed} failed`);
  },
);

t.test("backups that are open are tried, too, when nobody else is there", async (t) => {
  const { cluster, clock, at, pick, find, fail } = make(["a:1"], ["x:1"]);
  cluster.update(settingsOf(["a:1"], ["x:1"], { breaker: { ...BREAKER, open: OPEN } }));
  find("a:1", "unhealthy");
  for (let n = 0; n < 5; n++) {
    while (at("x:1").unusable(clock.now()) === undefined) fail("x:1");
    clock.pass(OPEN.base * 2 ** n);
  }
  while (at("x:1").unusable(clock.now()) === undefined) fail("x:1");
  t.equal(pick(), undefined);
  clock.pass(OPEN.base);
  t.equal(pick(), "x:1");
});

t.test("who only asks whether there is anybody finds somebody, too", async (t) => {
  const { cluster, clock, find } = sick(["a:1", "b:1"], ["a:1"]);
  find("b:1", "unhealthy");
  t.ok(cluster.usable(clock.now()), "readiness must not wait for requests that it keeps away");
});
