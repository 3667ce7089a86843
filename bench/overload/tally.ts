// From what became of each request to the figures of a phase.
import { median } from "../harness/figures.ts";
import { capacityOf, type Scenario, type Span } from "./scenarios.ts";
import type { Kind } from "./schedule.ts";
import type { Shots } from "./shots.ts";

/** The figures of one phase; times in milliseconds, NaN where there was nothing to be measured. */
export interface Tally {
  readonly phase: string;
  /** Requests that were due in it, first ones and those that were asked again. */
  readonly asked: number;
  /** Good answers that came in it, over what the service can do in that time. */
  readonly goodput: number;
  /** Of good answers, from when the request was due. */
  readonly p50: number;
  readonly p99: number;
  /** Of refusals, likewise. */
  readonly refusedP99: number;
  /** The part of the requests of each class that was answered well. */
  readonly success: Readonly<Record<string, number>>;
  /** How often each reason was given, and how many gave up or broke. */
  readonly failures: Readonly<Record<string, number>>;
  /** How late requests were sent: the generator's fault, and above LATE_MS the figures mean nothing. */
  readonly lateP99: number;
}

/** A run whose generator was later than this, at its p99, is void. */
export const LATE_MS = 1;

/** The phases that have names, in order. */
export function tallies(shots: Shots, { scenario, kinds, spans }: Run): Tally[] {
  return spans.flatMap((span) =>
    span.name === undefined ? [] : [tally(shots, { ...span, name: span.name }, scenario, kinds)],
  );
}

/** What was run. */
export interface Run {
  readonly scenario: Scenario;
  readonly kinds: readonly Kind[];
  readonly spans: readonly Span[];
}

interface Counts {
  asked: number;
  done: number;
  readonly good: number[];
  readonly refused: number[];
  readonly late: number[];
  readonly classes: Map<string, { asked: number; good: number }>;
  readonly failures: Map<string, number>;
}

function tally(
  shots: Shots,
  span: Span & { readonly name: string },
  scenario: Scenario,
  kinds: readonly Kind[],
): Tally {
  const counts = count(shots, span, kinds);
  const able = ((capacityOf(scenario) / span.pace) * (span.to - span.from)) / 1000;
  const good = Float64Array.from(counts.good).sort();
  const success = Array.from(counts.classes, ([name, each]) => [name, each.good / each.asked]);
  return {
    phase: span.name,
    asked: counts.asked,
    goodput: counts.done / able,
    p50: percentile(good, 0.5),
    p99: percentile(good, 0.99),
    refusedP99: percentile(Float64Array.from(counts.refused).sort(), 0.99),
    success: Object.fromEntries(success),
    failures: Object.fromEntries([...counts.failures].sort((a, b) => b[1] - a[1])),
    lateP99: percentile(Float64Array.from(counts.late).sort(), 0.99),
  };
}

/** Good answers count when they come, everything else when it was due. */
function count(shots: Shots, { from, to }: Span, kinds: readonly Kind[]): Counts {
  const counts: Counts = {
    ...{ asked: 0, done: 0, good: [], refused: [], late: [] },
    ...{ classes: new Map(), failures: new Map() },
  };
  const within = (at: number): boolean => at >= from && at < to;
  for (let shot = 0; shot < shots.count; shot++) {
    const due = shots.dueOf(shot);
    const took = shots.took[shot] ?? Number.NaN;
    const end = shots.endOf(shot);
    if (end === "good" && within(due + took)) counts.done++;
    if (!within(due)) continue;
    counts.asked++;
    counts.late.push(shots.late[shot] ?? Number.NaN);
    const name = kinds[shots.kind[shot] ?? 0]?.criticality ?? "";
    const each = counts.classes.get(name) ?? { asked: 0, good: 0 };
    counts.classes.set(name, each);
    each.asked++;
    if (end === "good") {
      each.good++;
      counts.good.push(took);
      continue;
    }
    if (end === "refused") counts.refused.push(took);
    const why = [end === "refused" ? "" : end, shots.whyOf(shot)].filter(Boolean).join(": ");
    counts.failures.set(why, (counts.failures.get(why) ?? 0) + 1);
  }
  return counts;
}

/** The nearest-rank percentile of ascending values; NaN of none. */
function percentile(ascending: Float64Array, share: number): number {
  return ascending[Math.ceil(share * ascending.length) - 1] ?? Number.NaN;
}

/** What is told of a contender in a phase of a scenario. */
export interface Cell {
  readonly scenario: string;
  readonly contender: string;
  readonly phase: string;
  /** Undefined where there is a fault. */
  readonly tally: Tally | undefined;
  /** Why there is nothing to be told. */
  readonly fault: string | undefined;
}

/** One cell of each that is there several times, once for each round: its figures are the medians. */
export function middle(cells: readonly Cell[]): Cell[] {
  const same = Map.groupBy(cells, ({ contender, phase }) => `${phase}\n${contender}`);
  return Array.from(same.values(), (rounds) => {
    const [first] = rounds;
    const all = rounds.flatMap(({ tally }) => (tally === undefined ? [] : [tally]));
    if (first === undefined) throw new Error("bench: a group without a cell");
    return all.length === 0 ? first : { ...first, fault: undefined, tally: medians(all) };
  });
}

function medians(all: readonly Tally[]): Tally {
  const of = (figure: (tally: Tally) => number): number => median(all.map(figure));
  const each = (parts: (tally: Tally) => Readonly<Record<string, number>>) => {
    const names = new Set(all.flatMap((tally) => Object.keys(parts(tally))));
    return Object.fromEntries(
      Array.from(names, (name) => [name, of((tally) => parts(tally)[name] ?? 0)]),
    );
  };
  return {
    phase: all[0]?.phase ?? "",
    asked: of(({ asked }) => asked),
    goodput: of(({ goodput }) => goodput),
    p50: of(({ p50 }) => p50),
    p99: of(({ p99 }) => p99),
    refusedP99: of(({ refusedP99 }) => refusedP99),
    success: each(({ success }) => success),
    failures: each(({ failures }) => failures),
    lateP99: of(({ lateP99 }) => lateP99),
  };
}
