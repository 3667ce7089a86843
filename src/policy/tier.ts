// Primaries or backups: backups take over at once, and are left slowly.
//
//             no primary usable                  a primary usable for HOLD_MS
//   primaries ----------------> backups ---------------------------------> returning
//       ^                          ^                                          |   |
//       |                          +------------- no primary usable ----------+   |
//       +--------------------------- the ramp is over ---------------------------+
//
// While returning, a growing share of requests goes to the primaries: cold instances are not met by all of
// the traffic at once, and primaries that come and go do not throw it to and fro.
import { rampShare } from "./ramp.ts";

/** How long a primary must have been usable before traffic goes back, in milliseconds. */
export const HOLD_MS = 3000;

type State =
  | { readonly kind: "primaries" }
  | { readonly kind: "backups"; readonly usableSince: number | undefined }
  | { readonly kind: "returning"; readonly since: number };

export type Tier = "primary" | "backup";

/** Which tier comes first for a request. Ask it at every request: time moves it only then. */
export class TierChoice {
  #state: State = { kind: "primaries" };
  /** How long the way back takes once it has begun; 0 for at once. */
  rampMs: number;

  constructor(rampMs: number) {
    this.rampMs = rampMs;
  }

  get kind(): State["kind"] {
    return this.#state.kind;
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
    return chance() < rampShare(state.since, now, this.rampMs) ? "primary" : "backup";
  }

  #next(usable: boolean, now: number): State {
    const state = this.#state;
    if (!usable) {
      const stays = state.kind === "backups" && state.usableSince === undefined;
      return stays ? state : { kind: "backups", usableSince: undefined };
    }
    if (state.kind === "backups") {
      if (state.usableSince === undefined) return { kind: "backups", usableSince: now };
      if (now - state.usableSince < HOLD_MS) return state;
      return { kind: "returning", since: state.usableSince + HOLD_MS };
    }
    const over = state.kind === "returning" && now - state.since >= this.rampMs;
    return over ? { kind: "primaries" } : state;
  }
}
