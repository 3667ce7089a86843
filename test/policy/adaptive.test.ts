import t from "tap";
import { AdaptiveLimiter } from "../../src/policy/adaptive.ts";
import { FixedLimit, type Limiter } from "../../src/policy/slots.ts";
import { type Cell, capacityOf, Run } from "../sim/crowd/crowd.ts";

const EXPONENTIAL = { kind: "exponential", mean: 20 } as const;
const BOUNDS = { min: 1, max: 10_000 };

/** What is done from `from` to `to`, in parts of what is possible. */
function goodput(cell: Cell, seed: number, limiter: Limiter, from: number, to: number): number {
  const { ends } = new Run(cell, seed, () => limiter).play();
  const done = ends.filter((at) => at >= from && at < to).length;
  return done / (to - from) / capacityOf(cell);
}

t.test("it learns what a service can do, from 1 worker to 256", async (t) => {
  for (const workers of [1, 4, 16, 64, 256]) {
    const warm = 3000 + 60_000 / workers;
    const cell: Cell = { workers, time: EXPONENTIAL, load: 2, ms: 2 * warm, from: warm };
    const adaptive = new AdaptiveLimiter(BOUNDS);
    const told = new FixedLimit(Math.ceil(workers + Math.sqrt(workers)));
    const ratio =
      goodput(cell, 101, adaptive, warm, cell.ms) / goodput(cell, 101, told, warm, cell.ms);
    t.ok(ratio > 0.95, `${workers} workers: ${ratio} of what one does that is told`);
    t.ok(adaptive.hold < 4 * workers + 4, `${workers} workers: ${adaptive.hold}`);
  }
});

t.test("when everything takes four times as long, the limit stays where it is", async (t) => {
  const episodes = [{ from: 10_000, to: 20_000, factor: 4 }];
  const cell: Cell = { workers: 16, time: EXPONENTIAL, load: 2, episodes, ms: 20_000, from: 0 };
  const adaptive = new AdaptiveLimiter(BOUNDS);
  const holds: number[] = [];
  new Run(cell, 102, () => adaptive).play((now) => {
    if (now >= 5000) holds.push(adaptive.hold);
  });
  t.ok(Math.min(...holds) >= 12, `${Math.min(...holds)}`);
  t.ok(Math.max(...holds) <= 40, `${Math.max(...holds)}`);
});

t.test("it follows when workers are lost, and when they come back", async (t) => {
  const episodes = [{ from: 10_000, to: 20_000, left: 0.25 }];
  const cell: Cell = { workers: 64, time: EXPONENTIAL, load: 2, episodes, ms: 30_000, from: 0 };
  for (const seed of [103, 104, 105, 106, 107, 108]) {
    const adaptive = new AdaptiveLimiter(BOUNDS);
    const at = new Map<number, number>();
    new Run(cell, seed, () => adaptive).play((now) => at.set(now, adaptive.hold));
    const [before = 0, less = 0, again = 0] = [9990, 19_990, 29_990].map((now) => at.get(now) ?? 0);
    t.ok(before >= 60, `${seed}: ${before}`);
    t.ok(less <= 40, `${seed}: ${less}`);
    t.ok(again >= 60, `${seed}: ${again}`);
  }
});

t.test("what demand needs is let through, before and after the limit is known", async (t) => {
  for (const workers of [4, 16, 64]) {
    const time = { kind: "exponential", mean: 10 } as const;
    const cell: Cell = { workers, time, load: 0.8, ms: 120_000, from: 0 };
    const { lost } = new Run(cell, 110, () => new AdaptiveLimiter(BOUNDS)).play();
    t.equal(lost.ranks.length, 0, `${workers} workers`);
  }
});

t.test("a climb that demand does not fill stays on while it is used", async (t) => {
  const time = { kind: "bimodal", short: 5, long: 100, share: 0.1 } as const;
  const cell: Cell = { workers: 256, time, load: 0.8, ms: 12_000, from: 3000 };
  for (const seed of [101, 102]) {
    const { lost } = new Run(cell, seed, () => new AdaptiveLimiter(BOUNDS)).play();
    t.equal(lost.ranks.length, 0);
  }
});

t.test("a lull is not the knee: what was learnt stays", async (t) => {
  const load = (now: number) => (now < 8000 ? 2 : 0.1);
  const cell: Cell = { workers: 64, time: EXPONENTIAL, load, ms: 30_000, from: 0 };
  const adaptive = new AdaptiveLimiter(BOUNDS);
  let before = 0;
  new Run(cell, 104, () => adaptive).play((now) => {
    if (now <= 8000) before = adaptive.hold;
  });
  t.ok(before >= 60, `${before}`);
  t.equal(adaptive.hold, before);
  t.equal(adaptive.limit, before, "and no experiment is left over");
});

t.test("a service without a knee is not held back", async (t) => {
  const time = { kind: "exponential", mean: 10 } as const;
  const shape = { workers: 100, discipline: "endless" } as const;
  const cell: Cell = { ...shape, time, load: 1, ms: 20_000, from: 5000 };
  const { lost } = new Run(cell, 105, () => new AdaptiveLimiter(BOUNDS)).play();
  t.equal(lost.ranks.length, 0);
});

t.test("it stays within its bounds, and new ones hold at once", async (t) => {
  const cell: Cell = { workers: 16, time: EXPONENTIAL, load: 3, ms: 6000, from: 0 };
  const adaptive = new AdaptiveLimiter({ min: 2, max: 6 });
  const limits = new Set<number>();
  new Run(cell, 106, () => adaptive).play(() => limits.add(adaptive.limit));
  t.ok(Math.max(...limits) <= 6 && Math.min(...limits) >= 2, `${[...limits]}`);
  t.equal(adaptive.hold, 6);
  adaptive.bounds = { min: 1, max: 4 };
  t.match(adaptive, { limit: 4, hold: 4 });
  adaptive.bounds = { min: 1, max: 100 };
  new Run(cell, 107, () => adaptive).play();
  t.ok(adaptive.hold > 12, `${adaptive.hold}: it goes on from there`);
});

t.test("requests that are not to teach, and those of before, do not", async (t) => {
  const adaptive = new AdaptiveLimiter(BOUNDS);
  for (let now = 0; now < 20_000; now += 10) {
    const stamps = Array.from({ length: 8 }, (_, i) => adaptive.started(now, i + 1));
    for (const stamp of stamps) adaptive.ended(now + 5, stamp, undefined);
    adaptive.tick(now + 5);
  }
  t.match(adaptive, { limit: 8, hold: 8 });
});

t.test("the same seed, the same story", async (t) => {
  const cell: Cell = { workers: 16, time: EXPONENTIAL, load: 2, ms: 5000, from: 0 };
  const story = () => {
    const limits: number[] = [];
    const adaptive = new AdaptiveLimiter(BOUNDS);
    new Run(cell, 108, () => adaptive).play(() => limits.push(adaptive.limit));
    return limits;
  };
  t.strictSame(story(), story());
});
