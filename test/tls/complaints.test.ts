import t from "tap";
import { Complaints } from "../../src/tls/complaints.ts";

t.test("five lines at once, then one a second, which tells of those left out", async (t) => {
  const complaints = new Complaints();
  const said = (now: number, count: number): (number | undefined)[] =>
    Array.from({ length: count }, () => complaints.next(now));
  t.same(said(0, 7), [0, 0, 0, 0, 0, undefined, undefined]);
  t.same(said(999, 1), [undefined]);
  t.same(said(1999, 2), [3, undefined]);
  t.same(said(60_000, 6), [1, 0, 0, 0, 0, undefined]);
});
