// How long a breaker stays open.
//
//   min(max, base * 2^(trips - 1 + rounds)) * (1 - jitter * chance)
//
//   trips  = how often in a row it has tripped
//   rounds = how often in a row its trials have failed since then
//
// An endpoint that is down for a while fails its trials, and is found again soon after it is back. One that
// passes them and trips again flaps; as long a calm time as `calmMs` forgets one trip. Trials are three
// changes of the breaker: half-open, closed and, if it flaps, open again. So it waits for longer where more
// than three were less than a minute before: whatever its calls come to, it changes six times in any
// minute at most, which is once in ten seconds (unless `max` is less than a minute, or others are missing).
import type { BreakerSettings } from "./breakersettings.ts";

const CALM_MS = 20_000;
const MINUTE_MS = 60_000;
const ALWAYS = Number.NEGATIVE_INFINITY;
/** So many changes may be younger than a minute when it becomes half-open. */
const BEFORE_TRIALS = 3;

/** Milliseconds from now on. */
export interface Opening {
  readonly most: number;
  /** When it may end where others are missing. */
  readonly least: number;
  /** When a minute has room for trials. */
  readonly room: number;
}

type Settings = Pick<BreakerSettings, "failureRate" | "open" | "ramp">;

export class Openings {
  /** Trips that no calm time has outweighed yet, this one included, as far as they lengthen the time. */
  #trips = 0;
  #rounds = 0;
  /** When the last changes of the breaker were, the newest last. */
  #changes: readonly number[] = [];

  /** Have trials failed since it tripped? Then it is an outage that lasts. */
  get lasts(): boolean {
    return this.#rounds > 0;
  }

  /** The breaker has changed its state. */
  changed(now: number): void {
    this.#changes = [...this.#changes, now].slice(-BEFORE_TRIALS - 1);
  }

  /** It has tripped after it has been closed for so long; `chance` is in [0, 1). */
  tripped(closedMs: number, settings: Settings, now: number, chance: number): Opening {
    const { failureRate, open, ramp } = settings;
    const calmMs = Math.max(CALM_MS, failureRate.window, ramp, 2 * open.base);
    this.#trips = Math.max(0, this.#trips - Math.floor(closedMs / calmMs));
    this.#rounds = 0;
    // What cannot lengthen the time any more need not be forgotten later.
    if (this.#trips === 0 || this.#longest(open) < open.max) this.#trips++;
    return this.#opening(open, now, chance, 1);
  }

  /** Its trials have failed: it opens again. */
  failed({ open }: Settings, now: number, chance: number): Opening {
    this.#failed(open);
    return this.#opening(open, now, chance, 1);
  }

  /** What went ahead of its trials has failed: it stays open. */
  stays({ open }: Settings, now: number, chance: number): Opening {
    this.#failed(open);
    return this.#opening(open, now, chance, 0);
  }

  #failed(open: BreakerSettings["open"]): void {
    if (this.#rounds === 0 || this.#longest(open) < open.max) this.#rounds++;
  }

  #longest({ base, max }: BreakerSettings["open"]): number {
    return Math.min(max, base * 2 ** (this.#trips - 1 + this.#rounds));
  }

  /** `own` is how many changes of the breaker the opening is itself. */
  #opening(open: BreakerSettings["open"], now: number, chance: number, own: 0 | 1): Opening {
    const part = 1 - open.jitter * chance;
    const before = this.#changes.at(own - BEFORE_TRIALS - 1) ?? ALWAYS;
    const room = Math.min(open.max, before + MINUTE_MS - now);
    const least = open.base * part;
    return { most: Math.max(this.#longest(open) * part, room), least, room };
  }
}
