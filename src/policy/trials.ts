// The trial calls of a half-open breaker: a fixed number of places, judged together.
//
//   failed  when failures / places >= the failure threshold, or slow / places >= the slow one
//   passed  when that can no longer happen, whatever the places still open bring
//
// Both are told as soon as they are certain. A lone call would let chance decide; a share of several
// is the measure by which the breaker trips, too.
import type { Verdict } from "../core/breaker.ts";

/** What a round of trials is judged by. */
export interface TrialRules {
  /** How many calls; at least 1. */
  readonly places: number;
  /** Shares of the places, in (0, 1]. */
  readonly failures: number;
  readonly slow: number;
}

interface Trial {
  readonly grant: number;
  readonly deadline: number;
  /** Was it slow to be answered? Undefined while it is not answered. */
  readonly slow: boolean | undefined;
}

/** One round. */
export class Trials {
  readonly #rules: TrialRules;
  /** In the order of their deadlines, because each gets the same time. */
  #running: readonly Trial[] = [];
  #settled = 0;
  #failures = 0;
  #slow = 0;

  constructor(rules: TrialRules) {
    this.#rules = rules;
  }

  /** May another trial begin? */
  get hasPlace(): boolean {
    return this.#settled + this.#running.length < this.#rules.places;
  }

  /** When the first of the running trials is overdue; Infinity when none is running. */
  get due(): number {
    return this.#running[0]?.deadline ?? Number.POSITIVE_INFINITY;
  }

  /** What the trials say, or undefined while that is open. */
  get verdict(): "passed" | "failed" | undefined {
    const { places, failures, slow } = this.#rules;
    const left = places - this.#settled;
    if (this.#failures / places >= failures || this.#slow / places >= slow) return "failed";
    const [worst, slowest] = [this.#failures + left, this.#slow + left];
    return worst / places < failures && slowest / places < slow ? "passed" : undefined;
  }

  /** Takes a place. `grant` is a number that no other trial has; deadlines only grow. */
  begin(grant: number, deadline: number): void {
    this.#running = [...this.#running, { grant, deadline, slow: undefined }];
  }

  /** A trial is answered well so far: it need not end in time any more to pass. */
  answers(grant: number, slow: boolean): void {
    this.#running = this.#running.map((trial) =>
      trial.grant === grant ? { ...trial, slow } : trial,
    );
  }

  /** Ends a trial. One that is not running, or not any more, changes nothing. */
  settle(grant: number, verdict: Verdict, slow: boolean): void {
    const running = this.#running.filter((trial) => trial.grant !== grant);
    if (running.length === this.#running.length) return;
    this.#running = running;
    // An ignored trial has shown nothing: its place is free again.
    if (verdict !== "ignore") this.#count(verdict === "failure", slow);
  }

  /**
   * Ends what is overdue at `now`. An answer that still comes counts as it began, or a long one would keep
   * everybody waiting; none at all counts as failed, and as slow: nothing is slower.
   */
  expire(now: number): void {
    for (const { deadline, slow } of this.#running) {
      if (now >= deadline) this.#count(slow === undefined, slow ?? true);
    }
    this.#running = this.#running.filter(({ deadline }) => now < deadline);
  }

  #count(failed: boolean, slow: boolean): void {
    this.#settled++;
    if (failed) this.#failures++;
    if (slow) this.#slow++;
  }
}
