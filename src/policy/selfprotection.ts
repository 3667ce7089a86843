// What gives way when this process itself cannot keep up, little by little.
//
//   level   0 ............. 0.5 ................... 1 .......................... 2
//           calm    SHEDDABLE      SHEDDABLE_PLUS   critical    nothing is read from a share
//                   by shares      by shares        ones only   of the connections, to a half
//
//   event_loop    up while the median lateness of a timer is above `delayMs` and the loop is hardly ever idle,
//                 down while it is not; beyond 1 only while it is above four times that
//   memory        0 at 85 % of what there may be, 1 at 95 %, 2 at all of it; the least of four readings, since
//                 what was not collected yet is no need
//   connections   0 at 90 % of those that there may be, 1 at all of them
//
// A loop that is never idle is not overloaded: it may have as much to do as it can do, and do it at once.
// One whose timers are late has other things waiting, too.
import { Spread } from "./spread.ts";

export interface Vitals {
  /** The median lateness of timers of late, in milliseconds. */
  readonly delayMs: number;
  /** The share of the time in which the event loop was not idle, from 0 to 1. */
  readonly utilisation: number;
  /** What is used of the memory that may be, and of the connections of the fullest listener, from 0 to 1. */
  readonly memory: number;
  readonly connections: number;
}

export type Signal = "event_loop" | "memory" | "connections";
export type Stage = "calm" | "shedding" | "critical_only" | "pausing";

/** A stage has begun; `reason` is the strongest signal. */
export interface StageChange {
  readonly from: Stage;
  readonly to: Stage;
  readonly reason: Signal;
}

export const SIGNALS: readonly Signal[] = ["event_loop", "memory", "connections"];

const BUSY = 0.95;
/** Later than that, what takes long may be this process's own doing. In milliseconds. */
const LATE_MS = 5;
/** So many times the delay ask for more than refusals. */
const SICK = 4;
/** Of one reading: up, by that for each time that the delay is reached, four at most; and down. */
const [UP, MOST_TIMES, DOWN] = [0.05, 4, 0.05];
const [MEMORY_FROM, MEMORY_SCARCE] = [0.85, 0.95];
const READINGS = 4;
const CONNECTIONS_FROM = 0.9;
/** The share of the connections that rests at the most. */
const MOST_RESTING = 0.5;
const [SHEDDABLE_PLUS, SHEDDABLE] = [2, 3];

/** At which level a stage begins, and below or at which it ends: not the same, or it would go to and fro. */
const STAGES: readonly { readonly stage: Stage; readonly begins: number; readonly ends: number }[] =
  [
    { stage: "calm", begins: Number.NEGATIVE_INFINITY, ends: Number.NEGATIVE_INFINITY },
    { stage: "shedding", begins: 0.1, ends: 0 },
    { stage: "critical_only", begins: 1, ends: 0.8 },
    { stage: "pausing", begins: 1.1, ends: 1 },
  ];

export class SelfProtection {
  /** How much gives way, from 0 to 2. */
  level = 0;
  readonly pressure: Record<Signal, number> = { event_loop: 0, memory: 0, connections: 0 };
  readonly #delayMs: number;
  readonly #spread = new Spread();
  readonly #memory: number[] = [];
  #stage = 0;

  /** `delayMs` is the lateness from which on it sheds, above 0. */
  constructor(delayMs: number) {
    this.#delayMs = delayMs;
  }

  get stage(): Stage {
    return STAGES[this.#stage]?.stage ?? "calm";
  }

  /** Is its event loop late now? Then what takes long may be its own doing. */
  isLate({ delayMs, utilisation }: Vitals): boolean {
    return delayMs > LATE_MS && utilisation > BUSY;
  }

  /** To be called every quarter of a second; tells when another stage has begun. */
  sense(vitals: Vitals): StageChange | undefined {
    const { pressure } = this;
    pressure.event_loop = this.#eventLoop(vitals);
    pressure.memory = this.#memoryPressure(vitals.memory);
    pressure.connections = part(vitals.connections, CONNECTIONS_FROM, 1);
    this.level = Math.max(...Object.values(pressure));
    return this.#changes();
  }

  /** Is a request of this rank to be refused? To be asked once for each. */
  refuses(rank: number): boolean {
    if (this.level === 0 || rank < SHEDDABLE_PLUS) return false;
    const share = rank === SHEDDABLE ? 2 * this.level : 2 * this.level - 1;
    return this.#spread.next() < share;
  }

  /** The share of connections from which nothing is to be read for now. */
  get resting(): number {
    return Math.max(0, this.level - 1) * MOST_RESTING;
  }

  /** Are connections what is short? Then those who are refused should give theirs up. */
  get closes(): boolean {
    return this.pressure.connections > 0;
  }

  #eventLoop(vitals: Vitals): number {
    const before = this.pressure.event_loop;
    const times = vitals.delayMs / this.#delayMs;
    const most = times > SICK ? 2 : 1;
    const late = times > 1 && vitals.utilisation > BUSY;
    if (!late || before > most) return Math.max(0, before - DOWN);
    return Math.min(most, before + UP * Math.min(MOST_TIMES, times));
  }

  #memoryPressure(used: number): number {
    if (this.#memory.push(used) > READINGS) this.#memory.shift();
    const least = Math.min(...this.#memory);
    return part(least, MEMORY_FROM, MEMORY_SCARCE) + part(least, MEMORY_SCARCE, 1);
  }

  #changes(): StageChange | undefined {
    const from = this.stage;
    while (this.level >= (STAGES[this.#stage + 1]?.begins ?? Number.POSITIVE_INFINITY))
      this.#stage++;
    while (this.level <= (STAGES[this.#stage]?.ends ?? 0)) this.#stage--;
    const to = this.stage;
    return from === to ? undefined : { from, to, reason: this.#strongest };
  }

  get #strongest(): Signal {
    const { pressure } = this;
    return SIGNALS.toSorted((a, b) => pressure[b] - pressure[a])[0] ?? "event_loop";
  }
}

/** How far `value` is on the way from one to the other, from 0 to 1. */
function part(value: number, from: number, to: number): number {
  return Math.min(1, Math.max(0, (value - from) / (to - from)));
}
