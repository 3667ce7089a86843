import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { lighter } from "../../src/policy/balance.ts";
import { Chance } from "../fuzz/chance.ts";

const loads = (...values: number[]) =>
  values.map((load, index) => ({ load, index, cost: () => load }));

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
    const bin = { load: 0, cost: () => bin.load };
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
