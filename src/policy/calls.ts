// What the calls to an endpoint in use have come to, and whether that is cause to leave it alone.
//
//   consecutive_failures   so many since the last call that was answered
//   failure_rate           such a share of the calls in a window of time, when there were enough
//   slow_calls             the same of slow ones
//
// A call that was beaten is slow, and no failure, or a pause of the endpoint would be many. But whoever
// hedges cancels what is late, so that an endpoint that hangs never comes to a timeout: once it has answered
// nothing for `slowerThan` since the first call that was beaten, each further one is a failure.
import type { BreakerReason, Verdict } from "../core/breaker.ts";
import type { BreakerSettings } from "./breakersettings.ts";
import { Window } from "./window.ts";

const NEVER = Number.POSITIVE_INFINITY;

/** Times are `Clock.now()` milliseconds. */
export class Calls {
  #settings: BreakerSettings;
  #window: Window;
  #failuresInRow = 0;
  /** Since when calls have been beaten and none answered. */
  #silentSince = NEVER;

  constructor(settings: BreakerSettings) {
    this.#settings = settings;
    this.#window = new Window(settings.failureRate.window);
  }

  /** What was counted stays; another window begins empty. */
  configure(settings: BreakerSettings): void {
    const { window } = settings.failureRate;
    if (window !== this.#settings.failureRate.window) this.#window = new Window(window);
    this.#settings = settings;
  }

  /** A call has ended `now`, and taken so long; one that is ignored is not to be counted. */
  count(verdict: Verdict, tookMs: number, now: number): void {
    const failed = this.#isFailure(verdict, now);
    this.#window.record(now, failed, this.isSlow(verdict, tookMs));
    if (failed) this.#failuresInRow++;
    else if (verdict === "success") this.#failuresInRow = 0;
  }

  /** The endpoint has begun to answer. */
  answers(): void {
    this.#silentSince = NEVER;
  }

  isSlow(verdict: Verdict, tookMs: number): boolean {
    return verdict === "beaten" || tookMs > this.#settings.slowCalls.slowerThan;
  }

  /** Why it is to be left alone; undefined when there is no reason. */
  cause(now: number): BreakerReason | undefined {
    const { consecutiveFailures, failureRate, slowCalls } = this.#settings;
    if (this.#failuresInRow >= consecutiveFailures) return "consecutive_failures";
    this.#window.advance(now);
    const { calls, failures, slow } = this.#window;
    if (calls < failureRate.minimumRequests) return undefined;
    // Divided rather than multiplied: 7 of 100 is 0.07 then, to the last bit.
    if (failures / calls >= failureRate.threshold) return "failure_rate";
    return slow / calls >= slowCalls.threshold ? "slow_calls" : undefined;
  }

  clear(): void {
    this.#failuresInRow = 0;
    this.#silentSince = NEVER;
    this.#window.clear();
  }

  #isFailure(verdict: Verdict, now: number): boolean {
    if (verdict === "success") this.#silentSince = NEVER;
    if (verdict !== "beaten") return verdict === "failure";
    if (this.#silentSince === NEVER) this.#silentSince = now;
    return now - this.#silentSince > this.#settings.slowCalls.slowerThan;
  }
}
