// The short grid: is every gate met that ours is known to meet, and is every other as near as it was?
import { type Measure, text, type Verdict } from "./gates.ts";
import { KINDS } from "./grid.ts";
import { BIN_MS } from "./score.ts";
import { SHORTFALLS, type Shortfall } from "./shortfalls.ts";
import type { Trial } from "./trial.ts";

/** Of the grid: each number of workers with each load, in turn with other times and disciplines. */
const SHORT_WORKERS = [1, 2, 4, 16, 64, 256];
const SHORT_LOADS = [0.95, 2, 5, 10];
const SHORT_DISCIPLINES = ["fifo", "sharing", "fifo", "stages"];
const OTHERS = [
  ...["16 exponential collapse x2", "64 constant fifo x1.1", "2000 exponential fifo x2"],
  ...["slow 16", "slow 64", "lost 64", "pauses 16", "bursts 16", "retries 16", "cold 500"],
  ...["sidecars 3", "priorities x5", "one caller x10", "endless", "lull", "80 % for 600 s"],
];
/** A shortfall may become worse by so much. */
const WORSE = 0.05;
/**
 * What chance does to a figure, and a gate allows for: the median over the cells of the standard deviation
 * between six seeds (goodput 0.0024, p99 6 %); and one bin of t95.
 */
const SLACK: Readonly<Record<Measure, (gate: number) => number>> = {
  goodput: () => 0.0025,
  kept: () => 0,
  p99: (gate) => 0.06 * gate,
  t95: () => BIN_MS,
  refused: () => 0,
};
/** Not those on which the limiter's constants were chosen. */
export const SEEDS = [4711];
/** The other cells are quick, and told apart from chance by more of them. */
const MORE_SEEDS = [...SEEDS, 4712, 4713];
const SLOW = new Set([
  ...["2000 exponential fifo x2", "256 bimodal stages x5", "256 constant sharing x10"],
  ...["80 % for 600 s"],
]);

/** The seeds of one of its cells. */
export function seedsOf(cell: string): readonly number[] {
  return SLOW.has(cell) ? SEEDS : MORE_SEEDS;
}

/** The names of its cells. */
export function shortGrid(): string[] {
  const cells = SHORT_WORKERS.flatMap((workers, row) =>
    SHORT_LOADS.map((load, column) => {
      const kind = KINDS[(row + column) % KINDS.length];
      const discipline =
        SHORT_DISCIPLINES[(row + 2 * column + (row >> 1)) % SHORT_DISCIPLINES.length];
      return `${workers} ${kind} ${discipline} x${load}`;
    }),
  );
  return [...cells, ...OTHERS];
}

/**
 * What is wrong with these results of ours, a line for each; none when all is as it should be. When they are
 * the `whole` short grid, a shortfall that was not measured is wrong, too.
 */
export function faults(
  trials: readonly Trial[],
  whole: boolean,
  known: readonly Shortfall[] = SHORTFALLS,
): string[] {
  const told = trials.flatMap(({ scene, results }) =>
    results.flatMap(({ verdicts }) =>
      verdicts.map((verdict) => fault(scene, verdict, known)).filter((each) => each !== undefined),
    ),
  );
  return whole ? [...told, ...strays(trials, known)] : told;
}

function fault(scene: string, verdict: Verdict, known: readonly Shortfall[]): string | undefined {
  const { measure, figure, gate, rises } = verdict;
  const slack = SLACK[measure](gate);
  const met = rises ? figure >= gate - slack : figure <= gate + slack;
  const listed = known.find((each) => each.cell === scene && each.measure === measure);
  const line = `{ cell: "${scene}", measure: "${measure}", figure: ${text(measure, figure)} }`;
  if (listed === undefined) return met ? undefined : `misses ${text(measure, gate)}: ${line}`;
  if (verdict.met)
    return `meets ${text(measure, gate)}, and is listed as a shortfall: strike ${line}`;
  const worse = rises ? figure < listed.figure * (1 - WORSE) : figure > listed.figure * (1 + WORSE);
  return worse ? `was ${text(measure, listed.figure)}, is worse: ${line}` : undefined;
}

/** Listed, but not asked. */
function strays(trials: readonly Trial[], known: readonly Shortfall[]): string[] {
  const asked = new Set(
    trials.flatMap(({ scene, results }) =>
      results.flatMap(({ verdicts }) => verdicts.map(({ measure }) => `${scene} ${measure}`)),
    ),
  );
  return known
    .filter(({ cell, measure }) => !asked.has(`${cell} ${measure}`))
    .map(({ cell, measure }) => `listed as a shortfall, and not measured: ${cell} ${measure}`);
}
