// Whether one endpoint is healthy, by its probes.
//
//             a pass               `fall` failures in a row
//   unknown -----------> healthy ---------------------------> unhealthy <--- a failure --- unknown
//                           ^                                     |
//                           +--- `rise` passes in a row and the hold is over
//
//   hold of the n-th fall, from that fall on = 0 for the first, then 20 s x 2^(n-2), at most 300 s
//   n = 1 + earlier falls that are not forgotten; 60 s of being healthy without a break forget one.
import type { Advice } from "./advice.ts";

/** Times in milliseconds. */
export interface HealthSettings {
  /** From the start of one probe to the start of the next. */
  readonly interval: number;
  /** How long a probe may take. */
  readonly timeout: number;
  /** Failures in a row that make a healthy endpoint unhealthy; at least 1. */
  readonly fall: number;
  /** Passes in a row that make an unhealthy endpoint healthy; at least 1. */
  readonly rise: number;
}

export type HealthState = "unknown" | "healthy" | "unhealthy";

/** A verdict that differs from the one before, and what made it so. */
export interface HealthChange {
  readonly from: HealthState;
  readonly to: HealthState;
  readonly reason: "first_probe" | "rise" | "fall";
}

/** What probes have found out about an endpoint. */
export interface Finding {
  readonly state: HealthState;
  /** It passes its probes, and is unhealthy only because it has fallen too often lately. */
  readonly held: boolean;
  /** Undefined leaves what it said before. */
  readonly advice: Advice | undefined;
}

const HOLD_MS = 20_000;
const MAX_HOLD_MS = 300_000;
const FORGET_MS = 60_000;
/** The fall whose hold is the longest; more of them are not remembered. */
const MAX_FALLS = 2 + Math.ceil(Math.log2(MAX_HOLD_MS / HOLD_MS));
/** A probe in which we stood still for this share of its timeout says nothing of the endpoint. */
const LAG_SHARE = 0.1;
/** So many in a row; then it counts, or a sidecar without CPU would never see a dead endpoint. */
const MAX_EXCUSES = 3;
/** While a state may be about to change, probes come so many times faster. */
const FASTER = 4;
/** They never come faster than this, unless the interval is shorter still. */
const FAST_FLOOR_MS = 250;
/** On the way up they come this fast at least, whatever the interval: traffic waits for it. */
const RISING_CEILING_MS = 500;
const JITTER = 0.1;
const MAX_JITTER_MS = 250;

/**
 * Counts the probes of one endpoint. A fall is never delayed; a recovery is, when the endpoint had
 * fallen shortly before as well. A fall that follows another one costs 20 s or more, so that there
 * are at most 3 + T / 10 s changes in any time T, whatever the probes say and however often they
 * come; a single outage ends after `rise` passes.
 */
export class Health {
  #settings: HealthSettings;
  #state: HealthState = "unknown";
  /** In a row, up to now; one of the two is 0. */
  #passes = 0;
  #failures = 0;
  /** Failures in a row that were not counted because we were late. */
  #excuses = 0;
  /** Falls that are remembered, as of the last one. */
  #falls = 0;
  #healthySince = 0;
  #heldUntil = Number.NEGATIVE_INFINITY;

  constructor(settings: HealthSettings) {
    this.#settings = settings;
  }

  get state(): HealthState {
    return this.#state;
  }

  /** Takes new settings, from the next probe on; what was counted stays. */
  configure(settings: HealthSettings): void {
    this.#settings = settings;
  }

  /**
   * Would it be healthy if it had not fallen so often? Such an endpoint passes its probes: where
   * there is no other, it is better than none.
   */
  held(now: number): boolean {
    const { rise } = this.#settings;
    return this.#state === "unhealthy" && this.#passes >= rise && now < this.#heldUntil;
  }

  /** A probe passed. */
  passed(now: number): HealthChange | undefined {
    this.#failures = 0;
    this.#excuses = 0;
    this.#passes++;
    if (this.#state === "healthy") return undefined;
    if (this.#state === "unhealthy") {
      if (this.#passes < this.#settings.rise || now < this.#heldUntil) return undefined;
    }
    this.#healthySince = now;
    return this.#become("healthy", "rise");
  }

  /**
   * A probe failed. `lagMs` is how long our own event loop stood still meanwhile, and 0 where time
   * did not decide. Undefined and not counted when that was a tenth of the timeout or more, up to
   * three times in a row; `lateBy(lagMs)` says so beforehand.
   */
  failed(now: number, lagMs = 0): HealthChange | undefined {
    if (this.lateBy(lagMs)) {
      this.#excuses++;
      return undefined;
    }
    this.#passes = 0;
    this.#excuses = 0;
    this.#failures++;
    if (this.#state === "unknown") return this.#become("unhealthy", "fall");
    if (this.#state === "unhealthy" || this.#failures < this.#settings.fall) return undefined;
    this.#fall(now);
    return this.#become("unhealthy", "fall");
  }

  /** Would a failure with this lag be ours rather than the endpoint's? */
  lateBy(lagMs: number): boolean {
    const late = lagMs > 0 && lagMs >= this.#settings.timeout * LAG_SHARE;
    return late && this.#excuses < MAX_EXCUSES;
  }

  /**
   * From the start of the last probe to the start of the next, in milliseconds; `chance` is in
   * [0, 1). The interval or, while a state may be about to change or the last probe did not count,
   * a quarter of it (at least 250 ms, on the way up at most 500 ms, never more than the interval).
   * Chance adds up to a tenth, at most 250 ms, so that many sidecars do not keep step.
   */
  nextDelay(now: number, chance: number): number {
    const base = this.#pace(now);
    return base + Math.min(base * JITTER, MAX_JITTER_MS) * chance;
  }

  #pace(now: number): number {
    const { interval } = this.#settings;
    const fast = Math.min(interval, Math.max(FAST_FLOOR_MS, interval / FASTER));
    const rising = this.#state === "unhealthy" && this.#passes > 0;
    if (rising) return now < this.#heldUntil ? interval : Math.min(fast, RISING_CEILING_MS);
    const falling = this.#state === "healthy" && this.#failures > 0;
    return falling || this.#excuses > 0 ? fast : interval;
  }

  #fall(now: number): void {
    const forgotten = Math.floor((now - this.#healthySince) / FORGET_MS);
    this.#falls = Math.min(MAX_FALLS, Math.max(0, this.#falls - forgotten) + 1);
    const again = this.#falls - 2;
    this.#heldUntil = again < 0 ? now : now + Math.min(MAX_HOLD_MS, HOLD_MS * 2 ** again);
  }

  #become(to: HealthState, reason: "rise" | "fall"): HealthChange {
    const from = this.#state;
    this.#state = to;
    return { from, to, reason: from === "unknown" ? "first_probe" : reason };
  }
}
