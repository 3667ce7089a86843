// What is told of a run: a table by load, and every gate that ours has missed.
import { table } from "../harness/table.ts";
import { contendersOf } from "./contenders.ts";
import { text, type Verdict } from "./gates.ts";
import { LOADS } from "./grid.ts";
import type { Result, Trial } from "./trial.ts";

/** Of what is missed so many are told by name. */
const TOLD = 60;

/** What one limiter made of a group of scenes. */
export interface Summary {
  /** The mean, in parts of the oracle's; NaN where none of them asks for it. */
  readonly goodput: number;
  /** The median, in parts of what it is when nobody is met. */
  readonly p99: number;
  /** The share of gates that is met. */
  readonly met: number;
}

export function summarise(results: readonly Result[]): Summary {
  const verdicts = results.flatMap((each) => each.verdicts);
  const goodputs = verdicts.filter(({ measure }) => measure === "goodput");
  const p99s = results.map(({ score }) => score.p99).sort((a, b) => a - b);
  return {
    goodput: goodputs.reduce((sum, { figure }) => sum + figure, 0) / goodputs.length,
    p99: p99s[Math.floor(p99s.length / 2)] ?? Number.NaN,
    met: verdicts.filter(({ met }) => met).length / verdicts.length,
  };
}

/** The results of one limiter. */
export function resultsOf(trials: readonly Trial[], limiter: string): Result[] {
  return trials.flatMap(({ results }) => results.filter((each) => each.limiter === limiter));
}

/** Goodput, p99 and gates met, by load and by limiter. */
export function overview(trials: readonly Trial[], limiters: readonly string[]): string {
  const groups = groupsOf(trials);
  const columns = ["goodput (p99), gates met", ...groups.map(({ name }) => name), "all gates"];
  const rows = limiters.map((limiter) => {
    const all = summarise(resultsOf(trials, limiter));
    const parts = groups.map((group) => told(summarise(resultsOf(group.trials, limiter))));
    return [limiter, ...parts, percent(all.met)];
  });
  return table(columns, rows);
}

/** Where each formula is from. */
export function sources(limiters: readonly string[]): string {
  const all = contendersOf(limiters.join(","));
  return all.map(({ name, source }) => `- ${name}: ${source}`).join("\n");
}

/** Every gate that it has missed, those that are furthest from it first. */
export function misses(trials: readonly Trial[], limiter: string): string {
  const missed = resultsOf(trials, limiter).flatMap(({ scene, verdicts }) =>
    verdicts.filter(({ met }) => !met).map((verdict) => ({ scene, verdict })),
  );
  missed.sort((a, b) => distance(b.verdict) - distance(a.verdict));
  const lines = missed
    .slice(0, TOLD)
    .map(({ scene, verdict: { measure, figure, gate } }) => [
      ...[scene, measure, text(measure, figure), text(measure, gate)],
    ]);
  const more = missed.length > TOLD ? `\n\nand ${missed.length - TOLD} that are nearer` : "";
  return `${table(["cell", "measure", "figure", "gate"], lines)}${more}`;
}

function distance({ figure, gate, rises }: Verdict): number {
  return rises ? gate / figure : figure / gate;
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

function told({ goodput, p99, met }: Summary): string {
  return `${goodput.toFixed(3)} (${p99.toFixed(p99 < 10 ? 2 : 0)}) ${percent(met)}`;
}

function percent(share: number): string {
  return `${Math.floor(100 * share)} %`;
}
