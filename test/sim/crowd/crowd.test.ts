// Invariants of the crowd: whatever stands before whatever service, nothing is lost or made up.
import t from "tap";
import { Admission } from "../../../src/policy/admission.ts";
import { FixedLimit } from "../../../src/policy/slots.ts";
import { type Cell, capacityOf, meanOf, Run } from "./crowd.ts";

const TIME = { kind: "exponential", mean: 10 } as const;
const CELL: Cell = { workers: 4, time: TIME, load: 3, ms: 4000, from: 0 };

const CELLS: Readonly<Record<string, Cell>> = {
  fifo: CELL,
  sharing: { ...CELL, discipline: "sharing" },
  stages: { ...CELL, discipline: "stages" },
  collapse: { ...CELL, discipline: "collapse" },
  endless: { ...CELL, discipline: "endless" },
  slower: { ...CELL, episodes: [{ from: 1000, to: 2000, factor: 4 }] },
  lost: { ...CELL, episodes: [{ from: 1000, to: 2000, left: 0.5 }] },
  pauses: { ...CELL, pauses: { every: 500, ms: 100 } },
  retries: { ...CELL, retries: 2 },
  sidecars: { ...CELL, sidecars: 3 },
};

for (const [name, cell] of Object.entries(CELLS)) {
  t.test(`${name}: every request is done, refused or open, and the limit holds`, async (t) => {
    const run = new Run(cell, 1, () => new FixedLimit(2));
    let most = 0;
    const { ends, tooks, works, ranks, callers, lost, count } = run.play((_now, { gates }) => {
      for (const gate of gates) if (gate instanceof Admission) most = Math.max(most, gate.inFlight);
    });
    t.equal(ends.length + lost.ranks.length + run.open, count);
    t.ok(most > 0 && most <= 2, `${most} in flight`);
    t.ok(ends.length > 100);
    for (const list of [tooks, works, ranks, callers]) t.equal(list.length, ends.length);
    t.ok(
      ends.every((end, i) => i === 0 || end >= (ends[i - 1] ?? 0)),
      "in the order of time",
    );
    const early = tooks.filter((took, i) => took < (works[i] ?? 0) * 0.999);
    t.equal(early.length, 0, "nothing is done sooner than its work takes");
  });
}

t.test(
  "no more is done than the workers can do, and all of it while enough is there",
  async (t) => {
    for (const discipline of ["fifo", "sharing", "stages"] as const) {
      const cell: Cell = { ...CELL, discipline, ms: 20_000 };
      const { works } = new Run(cell, 2, () => new FixedLimit(12)).play();
      const done = works.reduce((sum, work) => sum + work, 0);
      const able = capacityOf(cell) * meanOf(TIME) * cell.ms;
      t.ok(done <= able && done > 0.95 * able, `${discipline}: ${done} of ${able}`);
    }
  },
);

t.test("past its knee a service that collapses does less", async (t) => {
  const done = (limit: number): number =>
    new Run({ ...CELL, discipline: "collapse" }, 3, () => new FixedLimit(limit)).play().ends.length;
  t.ok(done(4) > 1.3 * done(12), `${done(4)} and ${done(12)}`);
});

t.test("workers that are lost do nothing, and a pause stops all of them", async (t) => {
  const count = (change: Partial<Cell>): number => {
    const { ends } = new Run({ ...CELL, ...change }, 4, () => new FixedLimit(4)).play();
    return ends.filter((end) => end >= 1000 && end < 2000).length;
  };
  const all = count({});
  const half = count({ episodes: [{ from: 1000, to: 2000, left: 0.5 }] });
  const fourth = count({ episodes: [{ from: 1000, to: 2000, factor: 4 }] });
  const paused = count({ pauses: { every: 500, ms: 250 } });
  for (const [part, wanted] of [
    [half / all, 0.5],
    [fourth / all, 0.25],
    [paused / all, 0.5],
  ] as const) {
    t.ok(Math.abs(part - wanted) < 0.1, `${part} is about ${wanted}`);
  }
});

t.test("the work of a request does not depend on who limits what comes", async (t) => {
  const works = (limit: number): Set<number> =>
    new Set(new Run(CELL, 5, () => new FixedLimit(limit)).play().works);
  const [few, many] = [works(1), works(4)];
  const shared = few.intersection(many).size;
  t.ok(shared > 0.2 * few.size, `${shared} of ${few.size} are done by both`);
  t.strictSame(works(1), few);
});
