// What do limiters make of overload, ours and those that were published? In a simulation, seeded.
import type { Options } from "./harness/options.ts";
import { writeResult } from "./harness/record.ts";
import { faults, shortGrid, text } from "./limiters/check.ts";
import { CONTENDERS, contendersOf } from "./limiters/contenders.ts";
import { playAll } from "./limiters/pool.ts";
import { summary } from "./limiters/report.ts";
import { scenesOf, type Trial } from "./limiters/trial.ts";

const OURS = "tidegate";
/** Not those on which the limiter's constants were chosen. */
const SEEDS = [4711];

/**
 * The whole grid with all limiters, or parts of it: prints a table and writes all figures to bench/results/;
 * 0. With --check ours alone on the short grid: 1 where it is worse than it is known to be.
 */
export async function run(options: Options): Promise<number> {
  const seeds = options.seeds ?? SEEDS;
  return options.check ? check(seeds, options.cell) : compare(seeds, options);
}

async function check(seeds: readonly number[], cell: string | undefined): Promise<number> {
  const scenes = shortGrid().filter((name) => cell === undefined || name.startsWith(cell));
  const jobs = scenes.map((scene) => ({ scene, seeds, limiters: [OURS] }));
  const trials = await playAll(jobs, () => {});
  const wrong = faults(trials).filter(
    (line) => cell === undefined || !line.includes("not measured"),
  );
  for (const line of wrong) console.log(line);
  const count = trials.flatMap(({ results }) => results.flatMap(({ verdicts }) => verdicts));
  const missed = count.filter(({ met }) => !met).length;
  console.log(
    `${count.length} gates in ${trials.length} cells: ${missed} missed, ${wrong.length} wrong`,
  );
  return wrong.length > 0 || trials.length === 0 ? 1 : 0;
}

async function compare(seeds: readonly number[], options: Options): Promise<number> {
  const contenders = options.limiters === undefined ? CONTENDERS : contendersOf(options.limiters);
  const limiters = contenders.map(({ name }) => name);
  const scenes = scenesOf(options.cell);
  const few = scenes.length <= 50;
  // The longest first, or the last one has a thread to itself.
  const jobs = scenes.map(({ name }) => ({ scene: name, seeds, limiters })).reverse();
  const trials = await playAll(jobs, (trial) => {
    if (few) console.log(lines(trial));
  });
  trials.reverse();
  console.log(summary(trials, limiters));
  console.log(`\nwritten to ${writeResult("limiters", { seeds, trials })}`);
  return 0;
}

/** All verdicts of one scene. */
function lines({ scene, oracle, results }: Trial): string {
  const { limit, score } = oracle;
  const best = `${scene}: oracle ${limit}, goodput ${score.goodput.toFixed(3)}, p99 ${score.p99.toFixed(2)}`;
  const others = results.map(({ limiter, verdicts }) => {
    const told = verdicts.map(
      ({ measure, figure, met }) => `${measure} ${text(measure, figure)}${met ? "" : " !"}`,
    );
    return `  ${limiter.padEnd(10)} ${told.join("  ")}`;
  });
  return [best, ...others].join("\n");
}
