import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { rampShare } from "../../src/policy/ramp.ts";

t.test("the share grows evenly from a hundredth to everything", async (t) => {
  const shares = [0, 50, 100, 500, 1000, 2500, 5000, 9999, 10_000, 20_000].map((elapsed) =>
    rampShare(70_000, 70_000 + elapsed, 10_000),
  );
  t.strictSame(shares, [0.01, 0.01, 0.01, 0.05, 0.1, 0.25, 0.5, 0.9999, 1, 1]);
});

t.test("with a ramp of ten seconds the first brings at most a tenth of the share", async (t) => {
  let sum = 0;
  for (let ms = 0; ms < 1000; ms++) {
    const share = rampShare(0, ms, 10_000);
    t.ok(share <= 0.1);
    sum += share;
  }
  t.ok(sum / 1000 <= 0.051, `${sum / 1000}`);
});

t.test("a ramp of 0 gives everything at once", async (t) => {
  t.equal(rampShare(5, 5, 0), 1);
});

t.test("what was always there has its whole share", async (t) => {
  t.equal(rampShare(Number.NEGATIVE_INFINITY, 0, 10_000), 1);
});

t.test("the share is above 0, at most 1, and never shrinks", async () => {
  const time = fc.double({ min: -1e6, max: 1e6, noNaN: true });
  fc.assert(
    fc.property(time, time, time, fc.nat(100_000), (since, a, b, rampMs) => {
      const earlier = rampShare(since, Math.min(a, b), rampMs);
      const later = rampShare(since, Math.max(a, b), rampMs);
      assert.ok(0 < earlier && earlier <= later && later <= 1);
    }),
  );
});
