import t from "tap";
import { Fairness } from "../../src/policy/fairness.ts";
import type { Standing } from "../../src/policy/threshold.ts";

/** So many of each caller, by its number, one after the other in turn; how many of each were let in. */
function asked(fairness: Fairness, callers: ReadonlyMap<number, number>) {
  const told = new Map<number, Record<Standing, number>>();
  for (const caller of callers.keys()) told.set(caller, { firm: 0, marginal: 0, refused: 0 });
  const left = new Map(callers);
  while (left.size > 0) {
    for (const [caller, many] of left) {
      const counts = told.get(caller);
      if (counts) counts[fairness.judge(caller)]++;
      if (many <= 1) left.delete(caller);
      else left.set(caller, many - 1);
    }
  }
  return (caller: number): Record<Standing, number> =>
    told.get(caller) ?? { firm: 0, marginal: 0, refused: 0 };
}

const HEAVY = 1;
const MIXED = new Map([
  [HEAVY, 1000],
  ...Array.from({ length: 30 }, (_, i) => [i + 2, 10] as const),
]);

t.test("the heavy one is cut to what the others leave, and nobody else", async (t) => {
  const fairness = new Fairness();
  t.equal(asked(fairness, MIXED)(HEAVY).firm, 1000, "before it is told to, nobody");
  const remain = fairness.admit(400, 500);
  t.ok(Math.abs(remain - 500) < 1);
  t.equal(fairness.active, true);
  const told = asked(fairness, MIXED);
  const { firm, marginal } = told(HEAVY);
  t.ok(Math.abs(firm - 100) <= 2, `${firm} firm`);
  t.ok(Math.abs(firm + marginal - 200) <= 2, `${firm + marginal} in all`);
  for (let caller = 2; caller < 32; caller++) t.equal(told(caller).firm, 10);
});

t.test("where all ask for the same nobody is heavy", async (t) => {
  const fairness = new Fairness();
  const even = new Map(Array.from({ length: 20 }, (_, i) => [i, 50] as const));
  asked(fairness, even);
  t.equal(fairness.admit(80, 130), 1000, "which is for the cohorts to cut");
  t.equal(fairness.active, false);
  t.equal(asked(fairness, even)(3).refused, 0);
});

t.test("two heavy ones share alike", async (t) => {
  const fairness = new Fairness();
  const flows = new Map([...MIXED, [100, 500]]);
  asked(fairness, flows);
  fairness.admit(400, 500);
  const told = asked(fairness, flows);
  for (const caller of [HEAVY, 100]) {
    t.ok(Math.abs(told(caller).firm + told(caller).marginal - 100) <= 2);
  }
});

t.test("with less than the budget nobody is cut any more", async (t) => {
  const fairness = new Fairness();
  asked(fairness, MIXED);
  fairness.admit(400, 500);
  fairness.decay(0.1);
  fairness.admit(400, 500);
  t.equal(fairness.active, false);
  t.equal(asked(fairness, MIXED)(HEAVY).firm, 1000);
});

t.test("a heavy one is found among a hundred thousand others", async (t) => {
  const fairness = new Fairness();
  for (let i = 0; i < 100_000; i++) {
    fairness.judge(10 + i);
    fairness.judge(HEAVY);
  }
  fairness.admit(105_000, 110_000);
  let [refused, others] = [0, 0];
  for (let i = 0; i < 1000; i++) {
    if (fairness.judge(HEAVY) === "refused") refused++;
    if (fairness.judge(1e6 + i) !== "firm") others++;
  }
  t.equal(others, 0);
  t.ok(Math.abs(refused - 900) < 20, `${refused}`);
});
