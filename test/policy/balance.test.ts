import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { lighter } from "../../src/policy/balance.ts";
import { Chance } from "../fuzz/chance.ts";

const loads = (...values: number[]) =>
  values.map((load, index) => ({ load, index, weight: 1, cost: () => load }));

/** Random numbers, repeatable. */
function chances(seed: number): () => number {
  const chance = new Chance(seed);
  return () => chance.next() / 2 ** 32;
}

t.test("of none nothing is chosen, of one that one, without asking chance", async (t) => {
  const never = () => t.fail("chance was asked") as never;
  t.equal(lighter([], 0, never), undefined);
  const [only] = loads(7);
  t.equal(lighter(only === undefined ? [] : [only], 0, never), only);
});

t.test("of two the lighter one is chosen, whatever chance says", async () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.array(chance, { minLength: 2, maxLength: 2 }), ([first = 0, second = 0]) => {
      const answers = [first, second];
      assert.equal(lighter(loads(5, 3), 0, () => answers.shift() ?? 0)?.load, 3);
    }),
  );
});

t.test("the two that are compared are never the same one", async () => {
  const chance = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
  fc.assert(
    fc.property(fc.integer({ min: 2, max: 20 }), fc.nat(19), chance, chance, (count, at, a, b) => {
      const heavy = at % count;
      const candidates = loads(...Array.from({ length: count }, (_, i) => (i === heavy ? 1 : 0)));
      const answers = [a, b];
      assert.notEqual(lighter(candidates, 0, () => answers.shift() ?? 0)?.index, heavy);
    }),
  );
});

t.test("equal ones are chosen equally often", async (t) => {
  const random = chances(1);
  const counts = [0, 0, 0, 0, 0];
  for (let i = 0; i < 50_000; i++) {
    const index = lighter(loads(2, 2, 2, 2, 2), 0, random)?.index ?? 0;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  for (const count of counts) t.ok(Math.abs(count - 10_000) < 400, counts.join(" "));
});

t.test(
  "of five the lightest is chosen whenever it is drawn, which is twice in five times",
  async (t) => {
    const random = chances(2);
    let lightest = 0;
    for (let i = 0; i < 50_000; i++) {
      if (lighter(loads(9, 9, 0, 9, 9), 0, random)?.index === 2) lightest++;
    }
    // Two of five: 4 of the 10 pairs hold it.
    t.ok(Math.abs(lightest - 20_000) < 500, `${lightest}`);
  },
);

t.test("balls are spread far more evenly than by chance alone", async (t) => {
  const random = chances(3);
  const bins = Array.from({ length: 100 }, () => {
    const bin = { load: 0, weight: 1, cost: () => bin.load };
    return bin;
  });
  const alone = Array.from({ length: 100 }, () => ({ load: 0 }));
  for (let i = 0; i < 100_000; i++) {
    const two = lighter(bins, 0, random);
    const one = alone[Math.floor(random() * alone.length)];
    if (two !== undefined) two.load++;
    if (one !== undefined) one.load++;
  }
  const most = (all: readonly { load: number }[]) => Math.max(...all.map(({ load }) => load));
  t.ok(most(bins) <= 1005, `${most(bins)} of a mean of 1000`);
  t.ok(most(alone) > 1040, `${most(alone)} by chance alone`);
});

/** How often each of `candidates` is chosen in 100,000 times, as shares. */
function shares(weights: readonly number[], cost: (index: number) => number, seed: number) {
  const random = chances(seed);
  const candidates = weights.map((weight, index) => ({ weight, index, cost: () => cost(index) }));
  const counts = weights.map(() => 0);
  for (let i = 0; i < 100_000; i++) {
    const index = lighter(candidates, 0, random)?.index ?? 0;
    counts[index] = (counts[index] ?? 0) + 1;
  }
  return counts.map((count) => count / 100_000);
}

t.test("equally busy ones are chosen in proportion to their weights", async (t) => {
  const expected = [0.1, 0.2, 0.7];
  for (const [index, share] of shares([10, 20, 70], () => 5, 4).entries()) {
    // Five standard deviations of the mean of 100,000 draws are below 0.0073.
    t.ok(Math.abs(share - (expected[index] ?? 0)) < 0.0075, `${index}: ${share}`);
  }
});

t.test(
  "the quickest one of a small weight is not flooded, nor is a slow one cut off",
  async (t) => {
    const [quick = 0] = shares([10, 90], (index) => index, 5);
    t.ok(Math.abs(quick - (1 - 0.9 ** 2)) < 0.007, `the quick one gets ${quick}`);
    const [slow = 0] = shares([10, 90], (index) => -index, 6);
    t.ok(Math.abs(slow - 0.1 ** 2) < 0.002, `the slow one gets ${slow}`);
  },
);

t.test("rounding never leaves a request without an endpoint", async () => {
  const weight = fc.double({ min: 1e-6, max: 100, noNaN: true });
  const weights = fc.array(weight, { minLength: 2, maxLength: 9 });
  const nearlyOne = 1 - Number.EPSILON / 2;
  fc.assert(
    fc.property(weights, (all) => {
      const candidates = all.map((each) => ({ weight: each, cost: () => 0 }));
      assert.ok(lighter(candidates, 0, () => nearlyOne));
    }),
  );
});
