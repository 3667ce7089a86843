import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { backoff } from "../../src/policy/backoff.ts";

const WAITS = { base: 25, max: 250 };

t.test("the bound doubles with every retry, up to the longest wait", async (t) => {
  const almost = 1 - 2 ** -53;
  const bounds = [0, 1, 2, 3, 4, 5, 1000].map((retries) => backoff(WAITS, retries, almost));
  t.same(
    bounds.map((bound) => Math.round(bound)),
    [25, 50, 100, 200, 250, 250, 250],
  );
});

t.test("every wait below the bound is as likely as any other", async (t) => {
  t.same(
    [0, 0.25, 0.5, 0.75].map((chance) => backoff(WAITS, 1, chance)),
    [0, 12.5, 25, 37.5],
  );
});

t.test("a wait is never negative, and never above its bound", async () => {
  const ms = fc.integer({ min: 0, max: 600_000 });
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(ms, ms, fc.nat(10), chance, (base, max, retries, drawn) => {
      const wait = backoff({ base, max }, retries, drawn);
      assert.ok(wait >= 0 && wait <= Math.min(max, base * 2 ** retries), `${wait}`);
    }),
  );
});
