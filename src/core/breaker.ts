// The words of circuit breakers, as metrics, events and the state on admin use them.

/**
 * How a call went. `beaten`: a later call for the same request was answered first, at another endpoint; that
 * is slow, however long it took. `ignore`: it says nothing of the endpoint, as when the client went away.
 */
export type Verdict = "success" | "failure" | "beaten" | "ignore";

/** An answer that is good so far, and not whole yet. */
export interface Coming {
  /** When its head was here, in `Clock.now()` milliseconds. */
  readonly since: number;
  /** How long that took, less our own delays. */
  readonly tookMs: number;
}

export type BreakerState = "closed" | "open" | "half_open";

export type BreakerReason =
  | "consecutive_failures"
  | "failure_rate"
  | "slow_calls"
  | "trials_failed"
  | "trials_passed"
  | "open_time_over"
  /** Too few endpoints were in use. */
  | "needed"
  | "forced"
  | "override_ended";

/** A change of state. An operator may force the state that there is: then both are the same. */
export interface BreakerChange {
  readonly from: BreakerState;
  readonly to: BreakerState;
  readonly reason: BreakerReason;
  /** When it was made, in `Clock.now()` milliseconds. */
  readonly at: number;
  /** When it ends by itself; undefined when only calls, or nothing, can end it. */
  readonly until: number | undefined;
}
