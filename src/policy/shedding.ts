// Refusals on arrival, which are the cheap ones: how much of what comes is let in, and who that is.
//
//   every max(50 ms, S):   sure = 0.8 * n,   most = k * n + sqrt(n) + 1;   n completions in the same window
//   k = 1.3 while the queue has not been empty since the last time, else it grows by 1.3 each time, to 64
//
// What is let in beyond what is completed keeps the queue from running dry; it is marginal, and gives way in
// the queue. It begins when the queue has not been empty for a whole window while more came than that by
// 3 * sqrt(n), which is chance no longer, and ends when less comes. DAGOR ("Overload Control for Scaling
// WeChat Microservices", SoCC 2018) chooses its threshold from a histogram likewise, but feels its way to how
// much to let in.
import { CRITICALITIES } from "../core/criticality.ts";
import { cohortOf } from "./criticality.ts";
import { Fairness } from "./fairness.ts";
import { Threshold } from "./threshold.ts";
import type { Asked } from "./ticket.ts";

const MARGIN = 1.3;
const MOST_MARGIN = 64;
const SURE = 0.8;
const CLASSES = CRITICALITIES.length;
/** What was counted a window ago counts for that much: about three windows are looked at. */
const KEPT = 0.7;
/** For what is to be known for sure: a hundred windows while somebody waits all the time, else ten. */
const [KEPT_PRESSED, KEPT_LONG] = [0.99, 0.9];
const LEAST_WINDOW_MS = 50;
/** For sums that are the same but for rounding. */
const HAIR = 1.001;

export type Verdict = "firm" | "marginal" | "shed_priority" | "shed_fairness";

export class Shedding {
  readonly threshold = new Threshold();
  readonly #fairness: readonly Fairness[];
  /** All of these are decayed. */
  #arrivals = 0;
  #completions = 0;
  #longArrivals = 0;
  #longCompletions = 0;
  #margin = MARGIN;
  #active = false;
  #due = Number.NEGATIVE_INFINITY;
  /** Whole hours since 1970, for the cohorts. */
  hour = 0;

  /** `fair`: are heavy callers cut first? */
  constructor(fair: boolean) {
    this.#fairness = fair ? Array.from({ length: CLASSES }, () => new Fairness()) : [];
  }

  /** Is anybody refused? */
  get active(): boolean {
    return this.#active;
  }

  /** Arrivals / completions of late, as far as it is above what chance does (3 sigma): at least 1. */
  get excess(): number {
    const surely = this.#longArrivals - 3 * Math.sqrt(this.#longArrivals);
    return this.#longCompletions > 0 ? Math.max(1, surely / this.#longCompletions) : 1;
  }

  /** Counts an arrival and says what becomes of it, should it not be granted a slot at once. */
  judge({ rank, caller, retry }: Pick<Asked, "rank" | "caller" | "retry">): Verdict {
    this.#arrivals++;
    this.#longArrivals++;
    const fairness = this.#fairness[rank];
    const fair = fairness?.judge(caller);
    if (fair === "refused") return "shed_fairness";
    const standing = this.threshold.judge(rank, cohortOf(caller, this.hour), retry);
    if (standing === "refused") return "shed_priority";
    return fair === "marginal" ? "marginal" : standing;
  }

  /** A request that had a slot has ended. */
  completed(): void {
    this.#completions++;
    this.#longCompletions++;
  }

  /**
   * Chooses anew when it is time; S is the mean time of an answer, in milliseconds. `pressed`: has somebody
   * been waiting ever since it chose last? True when it has chosen.
   */
  tick(now: number, meanMs: number, pressed: boolean): boolean {
    if (now < this.#due) return false;
    this.#due = now + Math.max(LEAST_WINDOW_MS, meanMs);
    if (pressed) this.#margin = MARGIN;
    else this.#margin = Math.min(MOST_MARGIN, this.#margin * MARGIN);
    const most = this.#most;
    const chance = this.#active ? 0 : 3 * Math.sqrt(this.#completions);
    if (this.#active || (pressed && this.#arrivals > most + chance)) this.#choose(most);
    this.#decay(pressed ? KEPT_PRESSED : KEPT_LONG);
    return true;
  }

  /** How many of those that came are let in. */
  get #most(): number {
    return this.#margin * this.#completions + Math.sqrt(this.#completions) + 1;
  }

  #choose(most: number): void {
    const sure = SURE * this.#completions;
    const whole = this.#cutHeavy(sure, most);
    if (whole === undefined) this.threshold.admit(sure, most);
    else this.threshold.admitThrough(whole);
    this.#active = this.threshold.active || this.#fairness.some(({ active }) => active);
    if (!this.#active) this.#margin = MARGIN;
  }

  #decay(long: number): void {
    this.#arrivals *= KEPT;
    this.#completions *= KEPT;
    this.#longArrivals *= long;
    this.#longCompletions *= long;
    this.threshold.decay(KEPT);
    for (const fairness of this.#fairness) fairness.decay(KEPT);
  }

  /** Cuts the heavy callers of the class in which the budget ends. Its rank, where that is enough. */
  #cutHeavy(sure: number, most: number): number | undefined {
    let [sureLeft, mostLeft] = [sure, most];
    let whole: number | undefined;
    for (const [rank, fairness] of this.#fairness.entries()) {
      if (mostLeft > 0) {
        const remain = fairness.admit(Math.max(0, sureLeft), mostLeft);
        if (fairness.active && remain <= mostLeft * HAIR) whole = rank;
      } else fairness.admitAll();
      sureLeft -= fairness.total;
      mostLeft -= fairness.total;
    }
    return whole;
  }
}
