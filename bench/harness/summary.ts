// From rounds to the figures of a table.
import { BASE } from "./contenders.ts";
import { pairedRatio, type Spread, spread } from "./figures.ts";
import type { Cell, Round } from "./measure.ts";
import type { Scenario } from "./scenarios.ts";

/** What is said of one contender in one scenario. */
export interface Row {
  readonly contender: string;
  readonly scenario: string;
  readonly fault: string | undefined;
  /** Undefined where there is a fault. */
  readonly figures: Figures | undefined;
}

export interface Figures {
  /** CPU microseconds per request, or per MiB of body where the bytes are the cost. */
  readonly cost: Spread;
  /** `cost` over HAProxy's of the same round; undefined when HAProxy was not measured. */
  readonly ratio: Spread | undefined;
  /** User and system part of all CPU time, summed over the rounds, in microseconds. */
  readonly userMicros: number;
  readonly systemMicros: number;
  readonly perSecond: Spread;
  readonly p50Micros: Spread;
  readonly p99Micros: Spread;
  readonly rssBytes: Spread;
  readonly peakBytes: number;
  /** Requests that did not end as they should: any makes the other figures doubtful. */
  readonly errors: number;
}

const MEBIBYTE = 1024 * 1024;

/** One row per cell; the ratios need HAProxy's cell of the same scenario among `cells`. */
export function summarise(cells: readonly Cell[]): Row[] {
  return cells.map((cell) => {
    const { contender, scenario, fault } = cell;
    const base = cells.find((each) => each.contender === BASE && each.scenario === scenario);
    const figures = cell.rounds.length === 0 ? undefined : figuresOf(cell, base?.rounds ?? []);
    return { contender, scenario: scenario.name, fault, figures };
  });
}

/**
 * CPU microseconds of one round per request that was answered, or per MiB of body where the
 * bytes are the cost. A download counts the bytes of answers that were cut off at the end too.
 */
export function cost(round: Round, scenario: Scenario): number {
  const cpu = round.userMicros + round.systemMicros;
  if (!scenario.bulk) return cpu / round.load.requests;
  const bytes =
    scenario.requestBytes > 0 ? round.load.requests * scenario.requestBytes : round.load.bytes;
  return cpu / (bytes / MEBIBYTE);
}

function figuresOf({ rounds, scenario }: Cell, base: readonly Round[]): Figures {
  const costs = rounds.map((round) => cost(round, scenario));
  const bases = base.map((round) => cost(round, scenario));
  return {
    cost: spread(costs),
    ratio: pairedRatio(costs, bases),
    userMicros: sum(rounds.map((round) => round.userMicros)),
    systemMicros: sum(rounds.map((round) => round.systemMicros)),
    perSecond: spread(rounds.map(({ load }) => load.requests / (load.micros / 1e6))),
    p50Micros: spread(rounds.map(({ load }) => load.p50Micros)),
    p99Micros: spread(rounds.map(({ load }) => load.p99Micros)),
    rssBytes: spread(rounds.map((round) => round.rssBytes)),
    peakBytes: Math.max(...rounds.map((round) => round.peakBytes)),
    errors: sum(rounds.map((round) => round.errors)),
  };
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
