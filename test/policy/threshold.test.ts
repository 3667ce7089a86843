import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { type Standing, Threshold } from "../../src/policy/threshold.ts";

type Arrival = readonly [rank: number, cohort: number, retry?: boolean];

/** What becomes of these, in order. */
function judged(threshold: Threshold, arrivals: readonly Arrival[]): Standing[] {
  return arrivals.map(([rank, cohort, retry = false]) => threshold.judge(rank, cohort, retry));
}

function times(count: number, ...arrival: Arrival): readonly Arrival[] {
  return Array.from({ length: count }, () => arrival);
}

function count(all: readonly Standing[], standing: Standing): number {
  return all.filter((each) => each === standing).length;
}

t.test("nobody is refused before it is told to", async (t) => {
  const threshold = new Threshold();
  t.strictSame(new Set(judged(threshold, times(1000, 3, 127))), new Set(["firm"]));
  t.equal(threshold.at, undefined);
  t.equal(threshold.active, false);
});

t.test(
  "a lower class is refused before a higher one, and a cohort before the one above",
  async (t) => {
    const threshold = new Threshold();
    const arrivals = [0, 1, 2, 3].flatMap((rank) => [...times(10, rank, 0), ...times(10, rank, 1)]);
    judged(threshold, arrivals);
    threshold.admit(60, 70);
    t.strictSame(threshold.at, { rank: 3, cohort: 1 });
    const standings = judged(threshold, arrivals);
    t.strictSame(new Set(standings.slice(0, 60)), new Set(["firm"]));
    t.strictSame(new Set(standings.slice(60, 70)), new Set(["marginal"]));
    t.strictSame(new Set(standings.slice(70)), new Set(["refused"]));
  },
);

t.test("a lone caller is cut down, and not off", async (t) => {
  const threshold = new Threshold();
  judged(threshold, times(1000, 3, 5));
  threshold.admit(80, 130);
  const standings = judged(threshold, times(1000, 3, 5));
  t.ok(Math.abs(count(standings, "firm") - 80) <= 2);
  t.ok(Math.abs(count(standings, "marginal") - 50) <= 2);
});

t.test("a retry is the first of its class to go", async (t) => {
  const threshold = new Threshold();
  const arrivals = [...times(10, 2, 127), ...times(10, 2, 0, true), ...times(10, 3, 0)];
  judged(threshold, arrivals);
  threshold.admit(5, 10);
  const standings = judged(threshold, arrivals);
  t.equal(count(standings.slice(0, 10), "refused"), 0);
  t.equal(count(standings.slice(10), "refused"), 20);
});

t.test("critical ones are all sure while only sheddable ones are cut", async (t) => {
  const arrivals = [...times(50, 1, 3), ...times(100, 3, 3)];
  const threshold = new Threshold();
  judged(threshold, arrivals);
  threshold.admit(40, 60);
  t.equal(count(judged(threshold, arrivals), "firm"), 50);
  judged(threshold, times(1000, 1, 3));
  threshold.admit(40, 60);
  t.ok(count(judged(threshold, times(1000, 1, 3)), "firm") < 50, "but not when they are cut");
});

t.test("a class can be let in whole", async (t) => {
  const threshold = new Threshold();
  threshold.admitThrough(2);
  t.strictSame(
    judged(threshold, [
      [2, 127],
      [3, 0],
    ]),
    ["firm", "refused"],
  );
  threshold.admitThrough(3);
  t.equal(threshold.active, false);
});

const flows = fc.array(
  fc.tuple(fc.nat({ max: 3 }), fc.nat({ max: 127 }), fc.boolean(), fc.integer({ min: 1, max: 50 })),
  { minLength: 1, maxLength: 30 },
);

t.test(
  "what is let in of the same again is the budget, give or take the cohorts' rounding",
  async () => {
    fc.assert(
      fc.property(flows, fc.double({ min: 0, max: 1, noNaN: true }), (flows, share) => {
        const arrivals = flows.flatMap(([rank, cohort, retry, many]) =>
          times(many, rank, cohort, retry),
        );
        const threshold = new Threshold();
        judged(threshold, arrivals);
        const most = share * arrivals.length;
        threshold.admit(most / 2, most);
        const standings = judged(threshold, arrivals);
        const admitted = arrivals.length - count(standings, "refused");
        assert.ok(Math.abs(admitted - most) <= 3, `${admitted} of ${most}`);
      }),
    );
  },
);

t.test("nobody is refused while somebody of a lower level is let in", async () => {
  fc.assert(
    fc.property(flows, fc.double({ min: 0, max: 1, noNaN: true }), (flows, share) => {
      const arrivals = flows.flatMap(([rank, cohort, retry, many]) =>
        times(many, rank, cohort, retry),
      );
      const threshold = new Threshold();
      judged(threshold, arrivals);
      threshold.admit(0, share * arrivals.length);
      const levels = arrivals.map(
        ([rank, cohort, retry = false]) =>
          [rank * 1000 + (retry ? 999 : cohort), threshold.judge(rank, cohort, retry)] as const,
      );
      const out = levels.filter(([, standing]) => standing === "refused").map(([level]) => level);
      const admitted = levels.filter(([, standing]) => standing !== "refused").map(([at]) => at);
      assert.ok(Math.min(...out) >= Math.max(...admitted));
    }),
  );
});
