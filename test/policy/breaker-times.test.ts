// How long a breaker stays open, and what is known of it afterwards.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { NO_GRANT } from "../../src/policy/breaker.ts";
import { turns } from "../support/turns.ts";
import { Scene, SETTINGS } from "./breakers.ts";

t.test("each round of failed trials doubles the open time, up to the most", async (t) => {
  const scene = new Scene();
  const times: number[] = [];
  scene.trip();
  for (let n = 0; n < 8; n++) {
    times.push(scene.openFor);
    scene.wait();
    scene.calls(5, "failure");
  }
  t.strictSame(times, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

t.test("the open time is spread downwards, so that the most is never exceeded", async (t) => {
  const scene = new Scene();
  scene.chance = 0.5;
  scene.trip();
  t.equal(scene.openFor, 750);
  scene.chance = 1 - Number.EPSILON;
  scene.wait();
  scene.calls(5, "failure");
  t.ok(Math.abs(scene.openFor - 1000) < 0.001, "half of 2 seconds");
});

t.test("after thousands of trips in a row it is still the most", async (t) => {
  const scene = new Scene();
  scene.trip();
  for (let n = 0; n < 3000; n++) {
    scene.wait();
    scene.calls(5, "failure");
  }
  t.equal(scene.openFor, 60_000);
});

t.test("the trials of the next trip begin with the base again", async (t) => {
  const scene = new Scene();
  scene.trip();
  for (let n = 0; n < 8; n++) {
    scene.wait();
    scene.calls(5, "failure");
  }
  t.equal(scene.openFor, 60_000);
  scene.wait();
  scene.calls(5, "success");
  scene.now += 20_000;
  scene.trip();
  t.equal(scene.openFor, 1000, "an outage of any length is one outage");
});

t.test(
  "a trip soon after recovery keeps it out of use for long, and another one longer",
  async (t) => {
    const scene = new Scene();
    scene.recover();
    scene.now += 19_000;
    scene.trip();
    t.equal(scene.openFor, 40_000);
    scene.wait();
    scene.calls(5, "success");
    scene.trip();
    t.equal(scene.openFor, 60_000);
  },
);

t.test("a calm time is 20 s, or longer where the window, the ramp or the base are", async (t) => {
  for (const [settings, calm] of [
    [{}, 20_000],
    [{ ramp: 30_000 }, 30_000],
    [{ open: { ...SETTINGS.open, base: 16_000 } }, 32_000],
  ] as const) {
    const [early, late] = [new Scene(settings), new Scene(settings)];
    early.recover();
    late.recover();
    early.now += calm - 10;
    late.now += calm;
    early.trip();
    late.trip();
    t.equal(early.openFor, 40_000, `${calm}`);
    t.ok(late.openFor <= 16_000, `${calm}`);
  }
});

t.test("each calm time outweighs one trip, however many there were", async (t) => {
  const scene = new Scene();
  for (let n = 0; n < 100; n++) {
    scene.trip();
    scene.wait();
    scene.calls(5, "success");
  }
  t.equal(scene.openFor, 60_000);
  for (const [calm, openFor] of [
    [20_000, 60_000],
    [40_000, 40_000],
    [60_000, 1000],
  ] as const) {
    scene.now += calm;
    scene.trip();
    t.equal(scene.openFor, openFor, `after ${calm}`);
    scene.wait();
    scene.calls(SETTINGS.trials, "success");
    t.equal(scene.breaker.state, "closed");
  }
});

t.test("what is needed makes its trials after the base time, and no sooner", async (t) => {
  const scene = new Scene();
  scene.trip();
  for (let n = 0; n < 8; n++) {
    scene.wait();
    scene.calls(5, "failure");
  }
  scene.now = (scene.breaker.last?.at ?? 0) + 999;
  scene.breaker.hasten(scene.now);
  t.equal(scene.state, "open", "a service that is sick as a whole is not asked more than that");
  scene.now += 1;
  scene.breaker.hasten(scene.now);
  t.equal(scene.told.at(-1), "half_open needed");
  t.equal(scene.calls(8, "failure"), 3, "trials as ever");
  t.equal(scene.openFor, 60_000, "it is as sick as it was");
});

t.test("what an operator has opened is not hastened", async (t) => {
  const scene = new Scene();
  scene.breaker.forceOpen(scene.now, scene.now + 600_000);
  scene.now += 599_999;
  scene.breaker.hasten(scene.now);
  t.equal(scene.state, "open");
});

/** How often it went out of use or came back, by when. */
function turnsOf({ changes }: Scene): readonly number[] {
  const steps = changes.map(({ to, at }) => ({ subject: "breaker", to, at }));
  return turns(steps).map(({ at }) => at);
}

t.test("an endpoint that flaps each second changes at most once in ten seconds", async (t) => {
  const scene = new Scene();
  const begin = scene.now;
  const end = begin + 3_600_000;
  for (; scene.now < end; scene.now += 9) {
    const up = Math.floor(scene.now / 1000) % 2 === 0;
    scene.calls(1, up ? "success" : "failure");
  }
  const late = scene.changes.filter(({ at }) => at > end - 1_800_000);
  t.ok(late.length <= 180, `${late.length} changes in half an hour, trials and all`);
  const times = turnsOf(scene);
  for (let minute = 1; minute <= 60; minute++) {
    const last = begin + minute * 60_000;
    const count = times.filter((at) => at > last - 60_000 && at <= last).length;
    t.ok(count <= 6, `${count} in minute ${minute}`);
  }
});

t.test("whatever its calls come to, it changes 3 + T / 10 s times at most", async () => {
  const spell = fc.record({
    ms: fc.oneof(fc.nat(3000), fc.nat(60_000)),
    fails: fc.constantFrom(0, 0, 0.3, 1),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(spell, { maxLength: 40 }), (spells) => {
      const scene = new Scene();
      for (const { ms, fails, chance } of spells) {
        scene.chance = chance;
        const end = scene.now + ms;
        for (let n = 0; scene.now < end; n++, scene.now += 50) {
          scene.calls(1, (n * 7) % 10 < fails * 10 ? "failure" : "success");
        }
      }
      const times = turnsOf(scene);
      for (const [first, from] of times.entries()) {
        for (const [last, to] of times.entries()) {
          assert.ok(last - first + 1 <= 3 + Math.max(0, to - from) / 10_000 || last < first);
        }
      }
    }),
    { numRuns: 50 },
  );
});

t.test("seconds open add up, though an opening may be over before anyone looks", async (t) => {
  const scene = new Scene();
  t.equal(scene.breaker.openMs(scene.now), 0);
  scene.trip();
  scene.now += 400;
  t.equal(scene.breaker.openMs(scene.now), 400);
  scene.now += 100_000;
  t.equal(scene.breaker.openMs(scene.now), 1000, "it was not open after its time");
  t.equal(scene.breaker.state, "half_open", "looking asks for the time");
  scene.calls(3, "failure");
  scene.now += 500;
  t.equal(scene.breaker.openMs(scene.now), 1500);
});

t.test("whatever happens, the books agree", async () => {
  const step = fc.record({
    pause: fc.oneof(fc.constant(0), fc.nat(50), fc.nat(20_000)),
    does: fc.constantFrom("enter", "enter", "enter", "settle", "settle", "force", "auto", "hold"),
    verdict: fc.constantFrom("success", "failure", "failure", "ignore"),
    tookMs: fc.constantFrom(1, 6000),
    chance: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
  });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
      const scene = new Scene({ consecutiveFailures: 2, trials: 3 });
      const open: number[] = [];
      let openMs = 0;
      for (const { pause, does, verdict, tookMs, chance } of steps) {
        scene.now += pause;
        scene.chance = chance;
        if (does === "enter") {
          const allowed = scene.breaker.allows(scene.now);
          const grant = scene.enter();
          assert.equal(grant !== NO_GRANT, allowed);
          if (allowed) open.push(grant);
        } else if (does === "settle") scene.settle(open.shift() ?? 1, verdict, tookMs);
        else if (does === "force") {
          if (chance < 0.5) scene.breaker.forceOpen(scene.now, scene.now + tookMs);
          else scene.breaker.forceClosed(scene.now, scene.now + tookMs);
        } else if (does === "auto") scene.breaker.auto(scene.now);
        else scene.mayTrip = chance < 0.5;
        const total = scene.breaker.openMs(scene.now);
        assert.ok(openMs <= total && total <= scene.now - 1_000_000);
        openMs = total;
      }
      consistent(scene);
    }),
  );
});

/** Each change begins where the one before ended, and later; an opening is within its bounds. */
function consistent({ changes, breaker }: Scene): void {
  let [state, at] = ["closed", 0];
  for (const change of changes) {
    assert.equal(change.from, state);
    assert.ok(change.at >= at);
    state = change.to;
    at = change.at;
    if (change.to !== "open" || change.reason === "forced") continue;
    const ms = (change.until ?? 0) - change.at;
    assert.ok(499.999 <= ms && ms <= SETTINGS.open.max, `${ms}`);
  }
  assert.equal(breaker.state, state);
}
