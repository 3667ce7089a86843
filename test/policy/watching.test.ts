import t from "tap";
import { Admission } from "../../src/policy/admission.ts";
import { FixedLimit } from "../../src/policy/slots.ts";
import { WatchingLimiter } from "../../src/policy/watching.ts";
import { type Cell, Run } from "../sim/crowd/crowd.ts";
import { SETTINGS } from "./crowds.ts";

const BOUNDS = { min: 1, max: 10_000 };
const SHAPE = { time: { kind: "exponential", mean: 20 }, ms: 20_000, from: 0 } as const;
/** Goes from a third of what the service can do to a third more, and back. */
const WAVE = (now: number): number => 0.8 + 0.5 * Math.sin(now / 3000);

/** The limits of the second half of a run, ascending, and the share that would have been refused. */
function watch(cell: Cell, watching = new WatchingLimiter(BOUNDS)) {
  let told = 0;
  const admission = new Admission({ ...SETTINGS, mode: "report" }, watching, {
    wouldRefuse: () => told++,
    waited: () => {},
  });
  const limits: number[] = [];
  const { count, lost } = new Run(cell, 11, () => admission).play((now) => {
    if (now > cell.ms / 2) limits.push(watching.limit);
  });
  limits.sort((a, b) => a - b);
  const median = limits[Math.floor(limits.length / 2)] ?? 0;
  return { limits, median, would: told / count, refused: lost.ranks.length };
}

t.test("load that comes and goes shows the knee, with nothing held back", async (t) => {
  for (const workers of [4, 16, 64]) {
    const cell: Cell = { ...SHAPE, workers, load: WAVE };
    const { median, would, refused } = watch(cell);
    t.equal(refused, 0);
    t.ok(median >= 0.6 * workers && median <= 2 * workers, `${workers} workers: ${median}`);
    const told = new FixedLimit(Math.ceil(workers + Math.sqrt(workers)));
    const enforced = new Run(cell, 11, () => told).play();
    const did = enforced.lost.ranks.length / enforced.count;
    t.ok(Math.abs(would - did) < 0.04, `${workers} workers: ${would}, and ${did} were`);
  }
});

t.test("below what a service can do nothing would be refused", async (t) => {
  for (const workers of [4, 16, 256]) {
    for (const load of [0.3, 0.8]) {
      const { would, limits } = watch({ ...SHAPE, workers, load });
      t.equal(would, 0, `${workers} workers, ${load}`);
      const crowd = load * workers + Math.sqrt(load * workers);
      t.ok((limits[0] ?? 0) >= crowd, `${workers} workers, ${load}: ${limits[0]}`);
    }
  }
});

t.test("without a knee the limit is far above what is in flight", async (t) => {
  const { would, limits } = watch({ ...SHAPE, workers: 50, discipline: "endless", load: 1 });
  t.equal(would, 0);
  t.ok((limits[0] ?? 0) > 80, `${limits[0]}`);
});

t.test(
  "at the start, and where nothing can be learnt, it is the most that it may be",
  async (t) => {
    const watching = new WatchingLimiter({ min: 2, max: 50 });
    t.match(watching, { limit: 50, hold: 50 });
    for (let now = 0; now < 5000; now++) watching.ended(now + 5, watching.started(now), undefined);
    t.equal(watching.limit, 50, "failures teach nothing");
    for (let now = 5000; now < 9000; now += 5) {
      const stamp = watching.started(now);
      watching.ended(now + 5, stamp, { sentAt: now, latencyMs: 5, ok: true });
    }
    t.equal(watching.limit, 50, "nor does one at a time");
  },
);

t.test("it stays within its bounds, also when they change", async (t) => {
  const watching = new WatchingLimiter({ min: 30, max: 40 });
  const { limits } = watch({ ...SHAPE, workers: 4, load: WAVE }, watching);
  t.equal(limits[0], 30);
  watching.bounds = { min: 1, max: 20 };
  t.equal(watching.limit, 20);
  watching.bounds = { min: 35, max: 50 };
  t.equal(watching.limit, 35);
});
