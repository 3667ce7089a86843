// What one limiter is tried in: a cell of the simulator, and what is asked of whoever is tried there.

import type { Duration } from "../../test/sim/chance.ts";
import type { Cell } from "../../test/sim/crowd/crowd.ts";

export interface Scene {
  /** Unique; words that tell what it is, such as "16 exponential fifo x2". */
  readonly name: string;
  readonly cell: Cell;
  /** What comes, in parts of the capacity, where that is one number and nothing else happens. */
  readonly times?: number;
  /** Changes of what can be done, after which it has to find its feet again: when, in milliseconds. */
  readonly steps?: readonly number[];
  /** It must do so within so many milliseconds. */
  readonly within?: number;
  /** Whose requests are to be answered whatever happens, by rank and caller. */
  readonly protects?: (rank: number, caller: number) => boolean;
  /** The share of those that must be answered within `PROTECTED_MS`; undefined: 0.99 of the oracle's. */
  readonly share?: number;
  /** Is nobody to be refused? */
  readonly spares?: boolean;
}

/** Whoever is protected waits no longer than this. */
export const PROTECTED_MS = 250;

/** Of requests that meet nobody else, 99 of 100 take at most so many milliseconds. */
export function unloadedP99({ time, episodes = [] }: Cell): number {
  const factor = Math.max(1, ...episodes.map((each) => each.factor ?? 1));
  return factor * p99Of(time);
}

/** A client has gone after so many times that. */
const PATIENCE = 10;

/** How long a client waits for its answer, in milliseconds; the service works on for one that has gone. */
export function patienceMs(cell: Cell): number {
  return PATIENCE * unloadedP99(cell);
}

/** The 99th percentile of the normal distribution. */
const Z99 = 2.326348;

function p99Of(time: Duration): number {
  switch (time.kind) {
    case "constant":
      return time.mean;
    case "exponential":
      return time.mean * Math.log(100);
    case "lognormal":
      return time.mean * Math.exp(time.sigma * Z99 - time.sigma ** 2 / 2);
    case "bimodal":
      return time.share > 0.01 ? time.long : time.short;
  }
}

/** How many the service works on at once when it does all that it can, and nobody waits. */
export function kneeOf({ workers, discipline, sidecars = 1 }: Cell): number {
  return (workers * (discipline === "stages" ? 2.1 : 1)) / sidecars;
}
