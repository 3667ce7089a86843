import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { Budget } from "../../src/policy/budget.ts";

const SETTINGS = { percent: 20, minimumPerSecond: 3 };

/** Spends a retry if there is one. */
function take(budget: Budget, now: number): boolean {
  const granted = budget.remaining(now) >= 1;
  if (granted) budget.spend(now);
  return granted;
}

/** How many retries are granted in a row. */
function drain(budget: Budget, now: number): number {
  let granted = 0;
  while (granted < 10_000 && take(budget, now)) granted++;
  return granted;
}

function counted(requests: number, settings = SETTINGS, now = 0): Budget {
  const budget = new Budget(settings);
  for (let i = 0; i < requests; i++) budget.count(now);
  return budget;
}

t.test("there is a fifth of the requests, or three a second if that is more", async (t) => {
  const rows: readonly (readonly [requests: number, granted: number])[] = [
    [0, 30],
    [154, 30],
    [155, 31],
    [1000, 200],
  ];
  for (const [requests, granted] of rows) {
    const budget = counted(requests);
    t.equal(budget.remaining(0), granted, `of ${requests}`);
    t.equal(drain(budget, 0), granted, `of ${requests}`);
    t.equal(budget.remaining(0), 0);
  }
});

t.test("the settings say how much", async (t) => {
  const rows: readonly (readonly [percent: number, minimumPerSecond: number, of100: number])[] = [
    [0, 0, 0],
    [0, 1, 10],
    [50, 0, 50],
    [50, 4, 50],
    [50, 6, 60],
    [100, 0, 100],
  ];
  for (const [percent, minimumPerSecond, granted] of rows) {
    t.equal(drain(counted(100, { percent, minimumPerSecond }), 0), granted);
  }
});

t.test("requests and retries are forgotten together, after ten seconds", async (t) => {
  const budget = counted(250, SETTINGS, 500);
  t.equal(drain(budget, 500), 50);
  t.equal(budget.remaining(9999), 0);
  t.equal(budget.remaining(10_000), 30);
  for (let i = 0; i < 200; i++) budget.count(12_000);
  t.equal(drain(budget, 12_000), 40);
  t.equal(budget.remaining(1e9), 30, "a long silence is no credit");
});

t.test("a clock that stands before the newest slot is counted there", async (t) => {
  const budget = counted(199, SETTINGS, 5000);
  budget.count(4999);
  t.equal(budget.remaining(4000), 40);
  t.equal(budget.remaining(14_999), 40);
  t.equal(budget.remaining(15_000), 30);
});

/** Moments in milliseconds, in order, at each of which a request comes or a retry is asked for. */
const patterns = fc.array(
  fc.record({
    wait: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.integer({ min: 0, max: 15_000 })),
    retry: fc.boolean(),
    times: fc.integer({ min: 1, max: 60 }),
  }),
  { maxLength: 60 },
);

interface Moment {
  readonly at: number;
  requests: number;
  granted: number;
}

/** What a budget makes of a pattern. */
function played(pattern: typeof patterns extends fc.Arbitrary<infer P> ? P : never): Moment[] {
  const budget = new Budget(SETTINGS);
  let at = 12_345.6;
  return pattern.map(({ wait, retry, times }) => {
    at += wait;
    const moment = { at, requests: 0, granted: 0 };
    for (let i = 0; i < times; i++) {
      if (retry) moment.granted += take(budget, at) ? 1 : 0;
      else {
        budget.count(at);
        moment.requests++;
      }
    }
    return moment;
  });
}

function total(moments: readonly Moment[], what: "requests" | "granted"): number {
  return moments.reduce((sum, moment) => sum + moment[what], 0);
}

t.test("ten seconds that end with a retry hold no more of them than the formula", async () => {
  fc.assert(
    fc.property(patterns, (pattern) => {
      const moments = played(pattern);
      for (const { at, granted } of moments) {
        if (granted === 0) continue;
        const begin = (Math.floor(at / 1000) - 9) * 1000;
        const window = moments.filter((each) => each.at >= begin && each.at <= at);
        assert.ok(total(window, "granted") <= Math.max(0.2 * total(window, "requests"), 30));
      }
    }),
  );
});

t.test("attempts are 1.2 times the requests and three a second at most, at any time", async () => {
  fc.assert(
    fc.property(patterns, (pattern) => {
      const moments = played(pattern);
      for (const [index, { at }] of moments.entries()) {
        const past = moments.slice(0, index + 1);
        const seconds = Math.floor(at / 1000) - Math.floor((past[0]?.at ?? 0) / 1000) + 1;
        const bound = 0.2 * total(past, "requests") + 30 * Math.ceil(seconds / 10);
        assert.ok(total(past, "granted") <= bound, `${total(past, "granted")} of ${bound}`);
      }
    }),
  );
});
