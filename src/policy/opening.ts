// How long a breaker stays open.
//
//   min(max, first * 2^rounds) * (1 - jitter * chance)
//
//   rounds = how often in a row its trials have failed since it tripped
//   first  = base or, where it is the n-th trip after the first, 40 s * 2^(n - 1)
//
// An endpoint that is down for a while fails its trials, and is found again soon after it is back. One that
// passes them and trips again flaps: each time it is away for 20 s at least (at the default jitter, and
// unless `max` is less), and as long a calm time forgets one trip. So whatever its calls come to,
// it goes out of use and comes back 3 + T / 10 s times at most in any time T, as policy/health.ts
// has it for probes.
import type { BreakerSettings } from "./breakersettings.ts";

const FLAPPING_MS = 40_000;
const CALM_MS = 20_000;

/** Milliseconds from now on. */
export interface Opening {
  readonly most: number;
  /** When it may end where others are missing. */
  readonly least: number;
}

type Settings = Pick<BreakerSettings, "failureRate" | "open" | "ramp">;

export class Openings {
  /** Trips that no calm time has outweighed yet, as far as they lengthen the time. */
  #trips = 0;
  #rounds = 0;

  /** It trips after it has been closed for so long; `chance` is in [0, 1). */
  tripped(closedMs: number, settings: Settings, chance: number): Opening {
    const { failureRate, open, ramp } = settings;
    const calmMs = Math.max(CALM_MS, failureRate.window, ramp, 2 * open.base);
    this.#trips = Math.max(0, this.#trips - Math.floor(closedMs / calmMs));
    this.#rounds = 0;
    // What cannot lengthen the time any more need not be forgotten later.
    if (this.#trips === 0 || this.#longest(open) < open.max) this.#trips++;
    return this.#opening(open, chance);
  }

  /** Its trials have failed. */
  failed({ open }: Settings, chance: number): Opening {
    if (this.#longest(open) < open.max) this.#rounds++;
    return this.#opening(open, chance);
  }

  #longest({ base, max }: BreakerSettings["open"]): number {
    const again = this.#trips - 2;
    const first = again < 0 ? base : Math.max(base, FLAPPING_MS * 2 ** again);
    return Math.min(max, first * 2 ** this.#rounds);
  }

  #opening(open: BreakerSettings["open"], chance: number): Opening {
    const part = 1 - open.jitter * chance;
    return { most: this.#longest(open) * part, least: open.base * part };
  }
}
