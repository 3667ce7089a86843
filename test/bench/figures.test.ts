import t from "tap";
import { median, pairedRatio, spread } from "../../bench/harness/figures.ts";

t.test("the median of an odd count is the middle value, whatever the order", async (t) => {
  t.equal(median([9, 1, 5]), 5);
  t.equal(median([10, 9, 100]), 10, "numbers are ordered as numbers, not as text");
});

t.test("the median of an even count is the mean of the two in the middle", async (t) => {
  t.equal(median([4, 1, 3, 100]), 3.5);
});

t.test("a median and a spread of nothing are errors", async (t) => {
  t.throws(() => median([]), /at least one value/);
  t.throws(() => spread([]), /at least one value/);
});

t.test("a spread leaves the values as they were", async (t) => {
  const values = [3, 1, 2];
  t.same(spread(values), { median: 2, min: 1, max: 3 });
  t.same(values, [3, 1, 2]);
});

t.test("a machine that slows down for a round leaves the paired ratio alone", async (t) => {
  t.same(pairedRatio([10, 20, 11], [20, 40, 22]), { median: 0.5, min: 0.5, max: 0.5 });
});

t.test("a round without its counterpart, or with a base of 0, counts for nothing", async (t) => {
  t.same(pairedRatio([10, 20, 30], [10, 0]), { median: 1, min: 1, max: 1 });
  t.equal(pairedRatio([10], []), undefined);
});
