// Primaries or backups: backups take over at once, and are left slowly.
//
//             no primary usable                  a primary usable for the hold
//   primaries ----------------> backups ---------------------------------> returning
//       ^                          ^                                          |   |
//       |                          +------------- no primary usable ----------+   |
//       +--------------------------- the ramp is over ---------------------------+
//
// While returning, a growing share of requests goes to the primaries: cold instances are not met by all of
// the traffic at once, and primaries that come and go do not throw it to and fro.
import { rampShare } from "./ramp.ts";

type State =
  | { readonly kind: "primaries" }
  | { readonly kind: "backups"; readonly usableSince: number | undefined }
  | { readonly kind: "returning"; readonly since: number };

export type Tier = "primary" | "backup";

/** Somebody else answers for a cluster; `fallback` or `nobody` where every endpoint is out of use. */
export interface TierChange {
  readonly from: State["kind"] | "fallback" | "nobody";
  readonly to: State["kind"] | "fallback" | "nobody";
  /** For the worse, what keeps endpoints from being asked; else `hold_over`, `ramp_over` or `usable`. */
  readonly reason: string;
}

/** Times in milliseconds. */
export interface TierTimes {
  /** How long a primary must have been usable before traffic goes back. */
  readonly hold: number;
  /** How long the way back takes once it has begun; 0 for at once. */
  readonly ramp: number;
}

/** Which tier comes first for a request. Ask it at every request: time moves it only then. */
export class TierChoice {
  #state: State = { kind: "primaries" };
  times: TierTimes;

  constructor(times: TierTimes) {
    this.times = times;
  }

  get kind(): State["kind"] {
    return this.#state.kind;
  }

  /** There are no backups any more: those that there may be later take over anew. */
  reset(): void {
    this.#state = { kind: "primaries" };
  }

  /**
   * The tier to try first at `now`, in milliseconds, when `usable` says whether a primary could take a
   * request. `chance` gives numbers in [0, 1).
   */
  first(usable: boolean, now: number, chance: () => number): Tier {
    const state = this.#next(usable, now);
    if (state !== this.#state) this.#state = state;
    if (state.kind === "primaries") return "primary";
    if (state.kind === "backups") return "backup";
    return chance() < rampShare(state.since, now, this.times.ramp) ? "primary" : "backup";
  }

  #next(usable: boolean, now: number): State {
    const state = this.#state;
    const { hold, ramp } = this.times;
    if (!usable) {
      const stays = state.kind === "backups" && state.usableSince === undefined;
      return stays ? state : { kind: "backups", usableSince: undefined };
    }
    if (state.kind === "backups") {
      if (state.usableSince === undefined) return { kind: "backups", usableSince: now };
      if (now - state.usableSince < hold) return state;
      return { kind: "returning", since: state.usableSince + hold };
    }
    const over = state.kind === "returning" && now - state.since >= ramp;
    return over ? { kind: "primaries" } : state;
  }
}
