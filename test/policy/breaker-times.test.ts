// How long a breaker stays open, and what is known of it afterwards.
import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { NO_GRANT } from "../../src/policy/breaker.ts";
import { Scene, SETTINGS } from "./breakers.ts";

t.test("each trip in a row doubles the open time, up to the most", async (t) => {
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

t.test("a trip soon after recovery is one more in the row", async (t) => {
  const scene = new Scene();
  scene.recover();
  scene.now += 9000;
  scene.trip();
  t.equal(scene.openFor, 2000);
});

t.test("the row ends when the breaker has stayed closed for the window and the ramp", async (t) => {
  for (const [settings, calm] of [
    [{}, 10_000],
    [{ ramp: 30_000 }, 30_000],
    [{ open: { ...SETTINGS.open, base: 8000 } }, 16_000],
  ] as const) {
    const [early, late] = [new Scene(settings), new Scene(settings)];
    early.recover();
    late.recover();
    early.now += calm - 10;
    late.now += calm;
    early.trip();
    late.trip();
    t.equal(early.openFor, 2 * late.openFor, `${calm}`);
  }
});

t.test("each calm time outweighs one trip, however many there were", async (t) => {
  const scene = new Scene();
  scene.trip();
  for (let n = 0; n < 100; n++) {
    scene.wait();
    scene.calls(5, "failure");
  }
  t.equal(scene.openFor, 60_000);
  for (const [calm, openFor] of [
    [10_000, 32_000],
    [20_000, 16_000],
    [60_000, 1000],
  ] as const) {
    scene.wait();
    scene.calls(SETTINGS.trials, "success");
    t.equal(scene.breaker.state, "closed");
    scene.now += calm;
    scene.trip();
    t.equal(scene.openFor, openFor, `after ${calm}`);
  }
});

t.test("an endpoint that flaps each second changes at most once in ten seconds", async (t) => {
  const scene = new Scene();
  const end = scene.now + 3_600_000;
  for (; scene.now < end; scene.now += 9) {
    const up = Math.floor(scene.now / 1000) % 2 === 0;
    scene.calls(1, up ? "success" : "failure");
  }
  const late = scene.changes.filter(({ at }) => at > end - 1_800_000);
  t.ok(late.length <= 180, `${late.length} changes in half an hour`);
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
