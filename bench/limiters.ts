// What do limiters make of overload, ours and those that were published? In a simulation, seeded.
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Options } from "./harness/options.ts";
import { writeReadme, writeResult } from "./harness/record.ts";
import { chart } from "./limiters/chart.ts";
import { faults, SEEDS, seedsOf, shortGrid } from "./limiters/check.ts";
import { CONTENDERS, contendersOf } from "./limiters/contenders.ts";
import { extras } from "./limiters/extras.ts";
import { text } from "./limiters/gates.ts";
import { partOf } from "./limiters/grid.ts";
import { playAll } from "./limiters/pool.ts";
import { misses, overview, resultsOf, sources } from "./limiters/report.ts";
import { scenesOf, type Trial } from "./limiters/trial.ts";

const OURS = "tidegate";
const CHART = join(import.meta.dirname, "limiters", "chart.svg");
/** Of fewer cells every figure is printed. */
const FEW = 50;

/** A run, as it is kept in bench/results/. */
interface Kept {
  readonly date: string;
  readonly seeds: readonly number[];
  readonly trials: readonly Trial[];
}

/**
 * The whole grid with all limiters, or parts of it: prints tables, writes all figures to bench/results/, and
 * with --record the tables to bench/README.md and the chart; 0. With --check ours alone on the short grid: 1
 * where it is worse than it is known to be.
 */
export async function run(options: Options): Promise<number> {
  if (options.check) return check(options);
  const kept = options.from === undefined ? await play(options) : read(options.from);
  const limiters = limitersIn(kept.trials);
  const section = report(kept, limiters);
  console.log(section);
  if (options.record) {
    writeReadme(section, "limiters");
    writeFileSync(CHART, chart(kept.trials, limiters, OURS));
    console.log("recorded in bench/README.md and bench/limiters/chart.svg");
  }
  return 0;
}

async function check({ seeds, cell }: Options): Promise<number> {
  const scenes = shortGrid().filter((name) => cell === undefined || name.startsWith(cell));
  const jobs = scenes.map((scene) => ({
    scene,
    seeds: seeds ?? seedsOf(scene),
    limiters: [OURS],
  }));
  const trials = await playAll(jobs, () => {});
  console.log(`${misses(trials, OURS)}\n`);
  const wrong = faults(trials, cell === undefined);
  for (const line of wrong) console.log(line);
  const gates = resultsOf(trials, OURS).flatMap(({ verdicts }) => verdicts).length;
  console.log(`${gates} gates in ${trials.length} cells: ${wrong.length} not as is known`);
  return wrong.length > 0 || trials.length === 0 ? 1 : 0;
}

async function play({ seeds = SEEDS, limiters: named, part, cell }: Options): Promise<Kept> {
  const contenders = named === undefined ? CONTENDERS : contendersOf(named);
  const limiters = contenders.map(({ name }) => name);
  const scenes = part === undefined ? scenesOf(cell) : [...partOf(part), ...extras()];
  // The longest first, or the last one has a thread to itself.
  const jobs = scenes.map(({ name }) => ({ scene: name, seeds, limiters })).reverse();
  const trials = await playAll(jobs, (trial) => {
    if (scenes.length < FEW) console.log(lines(trial));
  });
  const kept = { date: new Date().toISOString(), seeds, trials: trials.reverse() };
  console.log(`written to ${writeResult("limiters", kept)}\n`);
  return kept;
}

function read(file: string): Kept {
  try {
    return JSON.parse(readFileSync(file, "utf8")) as Kept;
  } catch (error) {
    throw new Error(`bench: ${file}: ${error instanceof Error ? error.message : error}`);
  }
}

function limitersIn(trials: readonly Trial[]): string[] {
  return [...new Set(trials.flatMap(({ results }) => results.map(({ limiter }) => limiter)))];
}

function report({ date, seeds, trials }: Kept, limiters: readonly string[]): string {
  const parts = [
    `Simulated on ${date.slice(0, 10)}: ${trials.length} cells, seeds ${seeds.join(", ")}.`,
    overview(trials, limiters),
    sources(limiters),
  ];
  if (limiters.includes(OURS)) parts.push(`Gates that ${OURS} misses:`, misses(trials, OURS));
  return parts.join("\n\n");
}

/** All verdicts of one scene. */
function lines({ scene, oracle, results }: Trial): string {
  const { limit, score } = oracle;
  const figures = `goodput ${score.goodput.toFixed(3)}, p99 ${score.p99.toFixed(2)}`;
  const others = results.map(({ limiter, verdicts }) => {
    const told = verdicts.map(
      ({ measure, figure, met }) => `${measure} ${text(measure, figure)}${met ? "" : " !"}`,
    );
    return `  ${limiter.padEnd(10)} ${told.join("  ")}`;
  });
  return [`${scene}: oracle ${limit}, ${figures}`, ...others].join("\n");
}
