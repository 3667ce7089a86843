// How long a breaker stays open, and what is known of it afterwards.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { NO_GRANT } from "../../src/policy/breaker.ts";
import { Scene, SETTINGS } from "./breakers.ts";

t.test("each round of failed trials doubles the open time, up to the most", async (t) => {
  const scene = new Scene();
  const times: number[] = [];
  scene.trip();
  for (let n = 0; n < 8; n++) {
    times.push(scene.openFor);
    scene.fail();
  }
  t.strictSame(times, [1000, 2000, 4000, 8000, 16_000, 32_000, 60_000, 60_000]);
});

t.test("the open time is spread downwards, so that the most is never exceeded", async (t) => {
  const scene = new Scene();
  scene.chance = 0.5;
  scene.trip();
  t.equal(scene.openFor, 750);
  scene.chance = 1 - Number.EPSILON;
  scene.fail();
  t.ok(Math.abs(scene.openFor - 1000) < 0.001, "half of 2 seconds");
});

t.test("after thousands of failed trials in a row it is still the most", async (t) => {
  const scene = new Scene();
  scene.trip();
  for (let n = 0; n < 3000; n++) scene.fail();
  t.equal(scene.openFor, 60_000);
});

t.test("the trials of the next trip begin with the base again", async (t) => {
  const scene = new Scene();
  scene.trip();
  for (let n = 0; n < 8; n++) scene.fail();
  t.equal(scene.openFor, 60_000);
  scene.pass();
  scene.now += 60_000;
  scene.trip();
  t.equal(scene.openFor, 1000, "an outage of any length is one outage");
});

t.test("an outage is three changes and two when it ends, however long it is", async (t) => {
  const scene = new Scene();
  scene.trip();
  const granted: number[] = [];
  for (let n = 0; n < 4; n++) {
    scene.wait();
    granted.push(scene.calls(5, "failure"));
  }
  t.strictSame(granted, [3, 1, 1, 1], "three of five trials decide; then one goes ahead");
  t.equal(scene.state, "open");
  t.match(scene.breaker.last, { from: "open", to: "open", reason: "trials_failed" });
  scene.wait();
  t.ok(scene.breaker.allows(scene.now));
  t.equal(scene.breaker.state, "open");
  const ahead = scene.enter();
  t.notOk(scene.breaker.allows(scene.now), "one, and no more");
  scene.settle(ahead, "success");
  t.equal(scene.state, "half_open");
  t.equal(scene.calls(5, "success"), 5, "it decides nothing: the trials do");
  t.strictSame(scene.told, [
    ...["open consecutive_failures", "half_open open_time_over", "open trials_failed"],
    ...["half_open open_time_over", "closed trials_passed"],
  ]);
});

t.test("what goes ahead and hangs, or is slow, has failed; ignored, it gives way", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.fail();
  scene.wait();
  scene.enter();
  scene.now += SETTINGS.trialTimeout;
  t.notOk(scene.breaker.allows(scene.now));
  t.equal(scene.openFor, 4000);
  scene.wait();
  scene.calls(1, "success", 5001);
  t.equal(scene.openFor, 8000);
  scene.wait();
  scene.calls(3, "ignore");
  t.ok(scene.breaker.allows(scene.now));
  scene.calls(1, "success");
  t.equal(scene.state, "half_open");
});

t.test("a second trip soon after recovery makes it wait until a minute has room", async (t) => {
  const scene = new Scene();
  scene.trip();
  const first = scene.now;
  scene.pass();
  scene.trip();
  t.equal(scene.openFor, first + 60_000 - scene.now, "open, half-open, closed and open are four");
  scene.pass();
  t.equal(scene.told.at(-1), "closed trials_passed");
  scene.now += 19_000;
  scene.trip();
  t.equal(scene.openFor, 4000, "there is room; it is the third trip in a row");
});

t.test("no room is no reason to be open for longer than the most", async (t) => {
  const scene = new Scene({ open: { ...SETTINGS.open, max: 5000 } });
  scene.recover();
  scene.trip();
  t.equal(scene.openFor, 5000);
});

t.test("a calm time is 20 s, or longer where the window, the ramp or the base are", async (t) => {
  const { open } = SETTINGS;
  for (const [settings, calm] of [
    [{}, 20_000],
    [{ ramp: 30_000 }, 30_000],
    [{ open: { ...open, base: 16_000 } }, 32_000],
  ] as const) {
    const { base } = settings.open ?? open;
    const [early, late] = [new Scene(settings), new Scene(settings)];
    for (const scene of [early, late]) {
      scene.recover();
      // So that there is room.
      scene.now += 60_000;
      for (let n = 0; n < 3; n++) {
        scene.trip();
        scene.now += 60_000;
        scene.pass();
        scene.now += n < 2 ? 100 : 0;
      }
    }
    early.now += calm - 10;
    late.now += calm;
    early.trip();
    late.trip();
    t.equal(early.openFor, Math.min(60_000, base * 8), `${calm}`);
    t.equal(late.openFor, Math.min(60_000, base * 4), `${calm}`);
  }
});

t.test("each calm time outweighs one trip, however many there were", async (t) => {
  const scene = new Scene();
  for (let n = 0; n < 100; n++) {
    scene.trip();
    scene.pass();
  }
  t.ok(scene.openFor === 0 && scene.state === "closed");
  for (const [calm, openFor] of [
    [60_000, 16_000],
    [60_000, 4000],
    [60_000, 1000],
  ] as const) {
    scene.now += calm;
    scene.trip();
    t.equal(scene.openFor, openFor, `after ${calm}`);
    scene.pass();
  }
});

t.test("what is needed is tried after the base time, and no sooner", async (t) => {
  const scene = new Scene();
  scene.trip();
  for (let n = 0; n < 8; n++) scene.fail();
  scene.now = (scene.breaker.last?.at ?? 0) + 999;
  scene.breaker.hasten(scene.now, false);
  t.notOk(scene.breaker.allows(scene.now), "a sick service is not asked more than that");
  scene.now += 1;
  scene.breaker.hasten(scene.now, false);
  t.notOk(scene.breaker.waits);
  t.equal(scene.calls(8, "failure"), 1, "one goes ahead as ever");
  t.equal(scene.openFor, 60_000, "it is as sick as it was");
  scene.now += 1000;
  scene.breaker.hasten(scene.now, false);
  scene.calls(1, "success");
  t.equal(scene.told.at(-1), "half_open needed");
});

t.test("what an operator has opened is not hastened", async (t) => {
  const scene = new Scene();
  scene.breaker.forceOpen(scene.now, scene.now + 600_000);
  scene.now += 599_999;
  scene.breaker.hasten(scene.now, false);
  t.equal(scene.state, "open");
});

/** The most changes in any minute. */
function mostInAMinute({ changes }: Scene): number {
  const counts = changes.map(
    (first, index) => changes.slice(index).filter(({ at }) => at < first.at + 60_000).length,
  );
  return Math.max(0, ...counts);
}

t.test("an endpoint that flaps each second changes at most six times a minute", async (t) => {
  for (const pause of [3, 9, 31, 101]) {
    const scene = new Scene();
    const end = scene.now + 1_800_000;
    for (; scene.now < end; scene.now += pause) {
      scene.chance = (scene.now % 97) / 97;
      const up = Math.floor(scene.now / 1000) % 2 === 0;
      scene.calls(1, up ? "success" : "failure");
    }
    t.ok(scene.changes.length > 30, "it does not stay away");
    const most = mostInAMinute(scene);
    t.ok(most <= 6, `${most} changes, trials and all`);
  }
});

t.test("whatever its calls come to, it changes six times a minute at most", async () => {
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
      assert.ok(mostInAMinute(scene) <= 6);
    }),
    { numRuns: 100 },
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
  scene.wait();
  scene.calls(1, "failure");
  scene.now += 500;
  t.equal(scene.breaker.openMs(scene.now), 3500, "and so do those in one outage");
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
