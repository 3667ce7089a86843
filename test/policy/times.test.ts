import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { RecentTimes } from "../../src/policy/times.ts";

/** One bucket: so much may be told too much. */
const WIDTH = 2 ** (1 / 8);

/** `count` answers that took `ms`, one each millisecond from `now` on. */
function observe(times: RecentTimes, count: number, ms: number, now = 0): void {
  for (let n = 0; n < count; n++) times.observe(ms, now + n);
}

t.test("of fewer than a hundred answers nothing is told", async (t) => {
  const times = new RecentTimes();
  t.equal(times.percentile(0.95, 0), undefined);
  observe(times, 99, 10);
  t.equal(times.percentile(0.95, 99), undefined);
  times.observe(10, 99);
  t.ok((times.percentile(0.95, 99) ?? 0) >= 10);
});

t.test("five in a hundred may be slow, six are too many", async (t) => {
  for (const [slow, isQuick] of [
    [5, true],
    [6, false],
  ] as const) {
    const times = new RecentTimes();
    observe(times, 100 - slow, 10);
    observe(times, slow, 1000, 100);
    t.equal((times.percentile(0.95, 200) ?? 0) < 1000, isQuick);
  }
});

t.test("it is never less than what was, and 9 % more at most", async () => {
  const some = fc.array(fc.double({ min: 0.125, max: 2e6, noNaN: true }), {
    minLength: 100,
    maxLength: 300,
  });
  const shares = fc.integer({ min: 50, max: 99 }).map((percent) => percent / 100);
  fc.assert(
    fc.property(some, shares, (list, share) => {
      const times = new RecentTimes();
      for (const ms of list) times.observe(ms, 0);
      const rank = Math.ceil(share * list.length);
      const was = list.toSorted((a, b) => a - b)[rank - 1] ?? Number.NaN;
      const told = times.percentile(share, 0) ?? Number.NaN;
      assert.ok(told >= was * (1 - 1e-9) && told <= was * WIDTH * (1 + 1e-9), `${told} ${was}`);
    }),
  );
});

t.test("what is out of all bounds is in the first or the last bucket", async (t) => {
  for (const [ms, least, most] of [
    [0, 0.125, 0.125],
    [1e12, 2 ** 21, 2 ** 21],
    [Number.POSITIVE_INFINITY, 2 ** 21, 2 ** 21],
  ] as const) {
    const times = new RecentTimes();
    observe(times, 100, ms);
    const told = times.percentile(0.5, 100) ?? 0;
    t.ok(told >= least && told <= most, `${ms}: ${told}`);
  }
});

t.test("a rise is followed as soon as it is more than the rest of the share", async (t) => {
  const times = new RecentTimes();
  observe(times, 1000, 10);
  t.ok((times.percentile(0.95, 1000) ?? 0) < 11);
  observe(times, 60, 100, 1000);
  t.ok((times.percentile(0.95, 1060) ?? 0) >= 100);
});

t.test("answers are forgotten after 30 to 60 seconds", async (t) => {
  const times = new RecentTimes();
  observe(times, 200, 1000);
  observe(times, 200, 10, 30_000);
  t.ok((times.percentile(0.95, 59_999) ?? 0) >= 1000);
  t.ok((times.percentile(0.95, 60_000) ?? 0) < 11);
  t.equal(times.percentile(0.95, 90_000), undefined, "those of the half before are gone now");
});

t.test("nothing is left after a long silence", async (t) => {
  const times = new RecentTimes();
  observe(times, 200, 10);
  t.equal(times.percentile(0.95, 1e9), undefined);
  observe(times, 99, 10, 1e9);
  t.equal(times.percentile(0.95, 1e9), undefined);
});

t.test("another share is another percentile at once", async (t) => {
  const times = new RecentTimes();
  observe(times, 100, 10);
  observe(times, 100, 1000, 100);
  t.ok((times.percentile(0.5, 200) ?? 0) < 11);
  t.ok((times.percentile(0.51, 200) ?? 0) >= 1000);
});
