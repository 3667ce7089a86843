// What the config says of a breaker.
import type { TrialRules } from "./trials.ts";

/** Times are in milliseconds, thresholds are shares in (0, 1]. */
export interface BreakerSettings {
  /** Trips after so many failures with no success between them. At least 1. */
  readonly consecutiveFailures: number;
  /** Trips at this share of failures, once the window holds `minimumRequests`. */
  readonly failureRate: {
    readonly threshold: number;
    readonly window: number;
    readonly minimumRequests: number;
  };
  /** Trips at this share of calls `slowerThan` a time; same window, same minimum. */
  readonly slowCalls: { readonly threshold: number; readonly slowerThan: number };
  /** The time is spread downwards by `jitter`, in [0, 1], so that `max` is never exceeded. */
  readonly open: { readonly base: number; readonly max: number; readonly jitter: number };
  /** How many calls a half-open breaker lets through. */
  readonly trials: number;
  /** How long a trial may take to be answered; after that it has failed. */
  readonly trialTimeout: number;
  /** How long it takes from the trials to full traffic. */
  readonly ramp: number;
}

/** How its trials are judged. */
export function rulesOf({ trials, failureRate, slowCalls }: BreakerSettings): TrialRules {
  return {
    places: trials,
    // A threshold above one half would close it on trials of which most have failed.
    failures: Math.min(0.5, failureRate.threshold),
    slow: slowCalls.threshold,
  };
}
