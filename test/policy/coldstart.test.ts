import t from "tap";
import { AdaptiveLimiter } from "../../src/policy/adaptive.ts";
import { ColdStart } from "../../src/policy/coldstart.ts";
import { type Cell, Run } from "../sim/crowd/crowd.ts";

/** From `from` to `to`, `inFlight` of `limit` are under way all the time, and one is done every `gapMs`. */
function under(cold: ColdStart, limit: number, gapMs: number, [from, to]: [number, number]) {
  for (let now = from; now < to; now += gapMs) {
    cold.started(now, limit, limit);
    cold.ended(now + gapMs, 0, 1);
    cold.started(now + gapMs, limit, limit);
  }
}

t.test("a step is short as long as few have ended, and then as long as a request", async (t) => {
  const cold = new ColdStart();
  cold.started(0, 8, 8);
  t.notOk(cold.isOver(90));
  t.ok(cold.isOver(100));
  cold.next();
  under(cold, 16, 20, [100, 260]);
  // 8 * 100 and 16 * 160 ms in flight, over the 8 that have ended: 420 ms.
  t.notOk(cold.isOver(300));
  under(cold, 16, 20, [300, 600]);
  // As many have ended as were in flight.
  t.ok(cold.isOver(600));
});

t.test("what the first requests took counts where too many were let through since", async (t) => {
  const cold = new ColdStart();
  const stamps = Array.from({ length: 8 }, (_, i) => cold.started(0, i + 1, 8) ?? 0);
  cold.isOver(100);
  cold.next();
  for (const stamp of stamps) cold.ended(200, stamp, 200);
  under(cold, 32, 25, [200, 800]);
  t.match(cold.compared, { slower: true, before: { limit: 4.5, mean: 200 }, last: { limit: 32 } });
});

t.test("where not all are in use, no step is ever over", async (t) => {
  const cold = new ColdStart();
  cold.started(0, 3, 8);
  t.notOk(cold.isOver(100_000));
});

t.test("twice as many in flight, twice as many done: no slower", async (t) => {
  const cold = new ColdStart();
  under(cold, 8, 10, [0, 1000]);
  cold.next();
  under(cold, 16, 5, [1000, 2000]);
  t.match(cold.compared, { slower: false, before: { limit: 8 }, last: { limit: 16 } });
});

t.test("twice as many in flight, as many done as before: slower", async (t) => {
  const cold = new ColdStart();
  under(cold, 8, 10, [0, 1000]);
  cold.next();
  under(cold, 16, 10, [1000, 2000]);
  t.match(cold.compared, { slower: true, before: { mean: 80 }, last: { mean: 160 } });
});

t.test("a few say nothing", async (t) => {
  const cold = new ColdStart();
  under(cold, 8, 10, [0, 1000]);
  cold.next();
  under(cold, 16, 10, [1000, 1070]);
  t.equal(cold.compared, undefined);
});

t.test(
  "what was before a lull says nothing of a service that has become slower since",
  async (t) => {
    const cold = new ColdStart();
    under(cold, 8, 10, [0, 1000]);
    for (let now = 1000; now < 5000; now += 10) {
      cold.started(now, 1, 8);
      cold.ended(now + 10, 0, 1);
    }
    under(cold, 8, 100, [5000, 7000]);
    cold.next();
    under(cold, 16, 50, [7000, 9000]);
    t.match(cold.compared, { slower: false, before: { mean: 800 }, last: { mean: 800 } });
  },
);

t.test("a service that takes its time is hardly held back at its start", async (t) => {
  for (const mean of [100, 1000, 10_000]) {
    for (const kind of ["constant", "exponential"] as const) {
      const time = { kind, mean };
      const cell: Cell = { workers: 50, time, load: 0.6, ms: 12 * mean, from: 0 };
      const run = new Run(cell, 5, () => new AdaptiveLimiter({ min: 1, max: 1000 }));
      const { lost, count } = run.play();
      t.ok(lost.ranks.length < 0.02 * count, `${kind}, ${mean} ms: ${lost.ranks.length}`);
    }
  }
});

t.test(
  "a service that is flooded at its start is found out, whatever its discipline",
  async (t) => {
    for (const discipline of ["fifo", "sharing"] as const) {
      const time = { kind: "exponential", mean: 20 } as const;
      const cell: Cell = { workers: 16, time, load: 10, ms: 4000, from: 0, discipline };
      const adaptive = new AdaptiveLimiter({ min: 1, max: 1000 });
      let most = 0;
      new Run(cell, 5, () => adaptive).play(() => {
        most = Math.max(most, adaptive.hold);
      });
      t.ok(most <= 8 * 16, `${discipline}: ${most} at most`);
      t.ok(adaptive.hold < 3 * 16, `${discipline}: ${adaptive.hold} in the end`);
    }
  },
);
