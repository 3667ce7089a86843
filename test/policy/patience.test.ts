import t from "tap";
import { patience } from "../../src/policy/patience.ts";

const TIMES = { meanMs: 10, variation: 1, settled: true };
const PRESSURE = { ...TIMES, limit: 16, excess: 2, shedding: true, emptyAgoMs: 1000 };

t.test("the more comes, the shorter is the wait, within bounds", async (t) => {
  const rows: readonly (readonly [limit: number, excess: number, waitMs: number])[] = [
    [16, 2, 5],
    [16, 1.1, 50],
    [16, 50, 2.5],
    [1, 2, 80],
    [1, 1.01, 300],
    [1, 1, 1000],
  ];
  for (const [limit, excess, waitMs] of rows) {
    const { marginal } = patience({ ...PRESSURE, limit, excess });
    t.ok(Math.abs(marginal - waitMs) < 0.01, `${limit}, ${excess}: ${marginal}`);
  }
});

t.test("bursts are absorbed: after it was empty nobody has to go for 100 ms", async (t) => {
  const calm = { ...PRESSURE, shedding: false };
  for (const emptyAgoMs of [0, 100]) {
    t.match(patience({ ...calm, emptyAgoMs }), { marginal: 100, firm: 100 });
    t.match(patience({ ...PRESSURE, emptyAgoMs }), { marginal: 30, firm: 60 });
  }
  t.equal(patience({ ...calm, emptyAgoMs: 101 }).marginal, 5);
  t.match(patience({ ...PRESSURE, emptyAgoMs: 101 }), { marginal: 5, firm: 15 });
});

t.test("until the limit is known nobody has to go for half a second", async (t) => {
  t.strictSame(patience({ ...PRESSURE, shedding: false, settled: false }), {
    marginal: 500,
    firm: 500,
    critical: 500,
  });
});

t.test("what all take alike, they wait half as long for", async (t) => {
  t.match(patience({ ...PRESSURE, variation: 0 }), { marginal: 2.5, firm: 7.5, critical: 200 });
  t.match(patience({ ...PRESSURE, variation: 9 }), { marginal: 5, firm: 15 });
});

t.test("the firm wait longer while others are shed, and the critical longer still", async (t) => {
  t.strictSame(patience(PRESSURE), { marginal: 5, firm: 15, critical: 200 });
  t.equal(patience({ ...PRESSURE, shedding: false }).firm, 5);
  t.equal(patience({ ...PRESSURE, limit: 1 }).critical, 400);
});
