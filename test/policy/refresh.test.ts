import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { refreshDelay, retryDelay } from "../../src/policy/refresh.ts";

const BOUNDS = { min: 1000, max: 10_000 };
const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });

t.test("a name is resolved again when its TTL is over, within bounds", async (t) => {
  t.equal(refreshDelay(BOUNDS, 5000, 0), 5000);
  t.equal(refreshDelay(BOUNDS, 0, 0), 1000);
  t.equal(refreshDelay(BOUNDS, 3_600_000, 0), 10_000);
  t.equal(refreshDelay(BOUNDS, undefined, 0), 10_000);
});

t.test("chance takes up to a fifth, and never goes below the minimum", async (t) => {
  t.equal(refreshDelay(BOUNDS, 5000, 0.5), 4500);
  t.equal(refreshDelay(BOUNDS, 1100, 0.9), 1000);
  fc.assert(
    fc.property(fc.nat(20_000), chance, (ttl, drawn) => {
      const delay = refreshDelay(BOUNDS, ttl, drawn);
      const least = Math.max(1000, 0.8 * Math.min(ttl, 10_000));
      assert.ok(delay >= least && delay <= 10_000, `${delay}`);
    }),
  );
});

t.test("failures in a row wait 1, 2, 4 ... 30 seconds", async (t) => {
  const waits = [1, 2, 3, 4, 5, 6, 7, 2000].map((failures) => retryDelay(failures, 0));
  t.strictSame(waits, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 30_000]);
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 10_000 }), chance, (failures, drawn) => {
      const delay = retryDelay(failures, drawn);
      assert.ok(delay >= 1000 && delay <= 30_000, `${delay}`);
    }),
  );
});
