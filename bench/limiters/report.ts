// The table: what each limiter made of the cells of each load, and of the rest.
import { table } from "../harness/table.ts";
import type { Measure } from "./gates.ts";
import { LOADS } from "./grid.ts";
import type { Result, Trial } from "./trial.ts";

/** The mean goodput in parts of the oracle's, how high p99 is in the median, and gates met, by load. */
export function summary(trials: readonly Trial[], limiters: readonly string[]): string {
  const groups = groupsOf(trials);
  const columns = ["goodput (p99), gates met", ...groups.map(({ name }) => name), "gates met"];
  const rows = limiters.map((limiter) => {
    const own = (trial: Trial): Result[] =>
      trial.results.filter((each) => each.limiter === limiter);
    const all = trials.flatMap(own);
    return [limiter, ...groups.map((group) => told(group.trials.flatMap(own))), share(all)];
  });
  return table(columns, rows);
}

interface Group {
  readonly name: string;
  readonly trials: readonly Trial[];
}

function groupsOf(trials: readonly Trial[]): Group[] {
  const isOf = (load: number) => (trial: Trial) => trial.times === load;
  const groups = LOADS.map((load) => ({ name: `x${load}`, trials: trials.filter(isOf(load)) }));
  const others = trials.filter(({ times }) => times === undefined);
  return [...groups, { name: "others", trials: others }].filter((group) => group.trials.length > 0);
}

function told(results: readonly Result[]): string {
  const goodputs = figures(results, "goodput");
  const mean = goodputs.reduce((sum, each) => sum + each, 0) / goodputs.length;
  const p99s = results.map(({ score }) => score.p99).sort((a, b) => a - b);
  const median = p99s[Math.floor(p99s.length / 2)] ?? Number.NaN;
  return `${mean.toFixed(3)} (${median.toFixed(median < 10 ? 2 : 0)}) ${share(results)}`;
}

/** Of the gates, how many are met. */
function share(results: readonly Result[]): string {
  const all = results.flatMap(({ verdicts }) => verdicts);
  return `${Math.floor((100 * all.filter(({ met }) => met).length) / all.length)} %`;
}

function figures(results: readonly Result[], measure: Measure): number[] {
  return results.flatMap(({ verdicts }) =>
    verdicts.filter((each) => each.measure === measure).map(({ figure }) => figure),
  );
}
