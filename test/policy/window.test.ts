import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { Window } from "../../src/policy/window.ts";

const counts = ({ calls, failures, slow }: Window) => ({ calls, failures, slow });

t.test("a new window has counted nothing", async (t) => {
  t.strictSame(counts(new Window(1000)), { calls: 0, failures: 0, slow: 0 });
});

t.test("calls are counted, and which of them failed or were slow", async (t) => {
  const window = new Window(1000);
  window.record(5000, false, false);
  window.record(5001, true, false);
  window.record(5002, false, true);
  window.record(5003, true, true);
  t.strictSame(counts(window), { calls: 4, failures: 2, slow: 2 });
});

t.test("a call is forgotten when it is as old as the window, bucket by bucket", async (t) => {
  const window = new Window(1000);
  window.record(0, true, false);
  window.record(250, true, false);
  window.advance(999);
  t.equal(window.calls, 2);
  window.advance(1000);
  t.equal(window.calls, 1);
  window.advance(1199);
  t.equal(window.calls, 1);
  window.advance(1200);
  t.strictSame(counts(window), { calls: 0, failures: 0, slow: 0 });
});

t.test("after a long silence nothing is left, and counting goes on", async (t) => {
  const window = new Window(1000);
  for (let now = 0; now < 1000; now += 10) window.record(now, true, true);
  t.equal(window.calls, 100);
  window.record(1e12 + 0.5, false, false);
  t.strictSame(counts(window), { calls: 1, failures: 0, slow: 0 });
  window.advance(1e12 + 999);
  t.equal(window.calls, 1);
});

t.test("a clock that steps back loses no call, and brings none back", async (t) => {
  const window = new Window(1000);
  window.record(5000, true, false);
  window.record(4000, false, false);
  t.strictSame(counts(window), { calls: 2, failures: 1, slow: 0 });
  window.advance(5999);
  t.equal(window.calls, 2);
});

t.test("a window that was cleared begins again", async (t) => {
  const window = new Window(1000);
  window.record(100, true, true);
  window.clear();
  t.strictSame(counts(window), { calls: 0, failures: 0, slow: 0 });
  window.record(150, false, false);
  window.advance(1149);
  t.equal(window.calls, 1);
});

t.test("nothing older than the window counts, and everything of its last nine tenths", async () => {
  const call = fc.record({
    pause: fc.oneof(fc.nat(3), fc.nat(300), fc.nat(3000)),
    failed: fc.boolean(),
    slow: fc.boolean(),
  });
  fc.assert(
    fc.property(
      fc.array(call, { maxLength: 200 }),
      fc.integer({ min: 1, max: 50 }),
      (all, tenth) => {
        const window = new Window(10 * tenth);
        const seen: { at: number; failed: boolean; slow: boolean }[] = [];
        let now = 0;
        for (const { pause, failed, slow } of all) {
          now += pause;
          window.record(now, failed, slow);
          seen.push({ at: now, failed, slow });
          const lately = seen.filter(({ at }) => at > now - 9 * tenth);
          const atMost = seen.filter(({ at }) => at > now - 10 * tenth);
          between(window.calls, lately.length, atMost.length);
          const failures = (calls: typeof seen) => calls.filter((each) => each.failed).length;
          between(window.failures, failures(lately), failures(atMost));
          const slows = (calls: typeof seen) => calls.filter((each) => each.slow).length;
          between(window.slow, slows(lately), slows(atMost));
        }
      },
    ),
  );
});

function between(value: number, least: number, most: number): void {
  assert.ok(least <= value && value <= most, `${value} is not in ${least} to ${most}`);
}
