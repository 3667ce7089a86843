import t from "tap";
import { Cohort } from "../../src/policy/cohort.ts";
import { Noise } from "../../src/policy/noise.ts";

/** A cohort of requests that took so long. */
function cohortOf(...times: readonly number[]): Cohort {
  const cohort = new Cohort(4);
  for (const each of times) cohort.add(each);
  return cohort;
}

t.test("a cohort knows the mean and the variation of its requests", async (t) => {
  t.match(cohortOf(10, 20, 30), { mean: 20, count: 3 });
  t.ok(Math.abs(cohortOf(10, 30).cv - 0.5) < 1e-9);
  t.equal(cohortOf(7, 7, 7).cv, 0);
  t.equal(cohortOf(...Array(99).fill(0), 1000).cv, 3, "at most");
});

t.test("those that have not ended count as old as they are and a mean more", async (t) => {
  const cohort = new Cohort(4);
  for (const now of [0, 10, 20]) cohort.begin(now);
  cohort.end(0);
  cohort.add(30);
  cohort.complete(55);
  // Two are open that began at 15 in the mean: 40 old, and 30 to come.
  t.match(cohort, { count: 3, mean: (30 + 70 + 70) / 3 });
  const done = cohortOf(30);
  done.complete(100);
  t.equal(done.count, 1);
});

t.test("one of which the beginning is not known leaves the others as they are", async (t) => {
  const cohort = new Cohort(4);
  for (const now of [0, 10, 20]) cohort.begin(now);
  cohort.end();
  cohort.add(30);
  cohort.complete(50);
  t.match(cohort, { count: 3, mean: (30 + 70 + 70) / 3 });
});

t.test("what is old fades, and the mean stays", async (t) => {
  const cohort = cohortOf(10, 20, 30, 40);
  cohort.fade(2);
  t.match(cohort, { count: 2, mean: 25 });
  cohort.fade(5);
  t.equal(cohort.count, 2);
});

t.test("noise begins as with exponential times, and becomes what is seen", async (t) => {
  const noise = new Noise();
  t.equal(noise.single(1), 1);
  for (let i = 0; i < 200; i++) noise.learn(cohortOf(10, 10, 10));
  t.ok(noise.single(1) < 0.03);
  for (let i = 0; i < 200; i++) noise.learn(cohortOf(10, 30));
  t.ok(Math.abs(noise.single(1) - 0.5) < 0.02);
  t.ok(Math.abs(noise.single(4) - 1) < 0.04, "those that wait together are alike");
});

t.test("a change is what two blocks in a row say, to the same side", async (t) => {
  const noise = new Noise();
  for (let i = 0; i < 200; i++) noise.learn(cohortOf(10, 10));
  const usual = { mean: 10, count: 100, least: 0, most: 0 };
  const block = (tookMs: number, most = 0) => {
    for (let i = 0; i < 32; i++) noise.add(tookMs);
    return noise.change({ ...usual, most }, 32, 1);
  };
  t.equal(block(10), "none");
  t.equal(block(10.5), "none", "5 % are nothing");
  t.equal(block(40), undefined, "once is nothing");
  t.not(typeof block(5), "number", "to the other side is nothing");
  t.equal(block(10), "none");
  t.equal(block(40), undefined);
  t.ok(Math.abs(Number(block(40)) - Math.log(4)) < 1e-9);
  noise.add(40);
  t.equal(noise.change(usual, 32, 1), undefined, "a block has to be full");
});

t.test("what is to be expected of another limit is no change", async (t) => {
  const noise = new Noise();
  for (let i = 0; i < 200; i++) noise.learn(cohortOf(10, 10));
  const usual = { mean: 10, count: 100, least: 0, most: Math.log(2) };
  const block = (tookMs: number) => {
    for (let i = 0; i < 32; i++) noise.add(tookMs);
    return noise.change(usual, 32, 1);
  };
  for (const tookMs of [10, 15, 20]) t.equal(block(tookMs), "none");
  for (let i = 0; i < 10; i++) t.equal(block(20), "none");
  t.equal(block(40), undefined);
  t.ok(Math.abs(Number(block(40)) - Math.log(2)) < 1e-9, "only what is beyond it");
});
