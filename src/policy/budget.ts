// How many retries there may be: a share of the requests, or a few where the requests are few.
//
//   granted(10 s) < max(percent / 100 * requests(10 s), minimumPerSecond * 10)
//
// Finagle's RetryBudget (ttl 10 s, percentCanRetry, minRetriesPerSec), which linkerd has too, over a
// sliding window of ten slots of one second; but theirs is the sum, and each sidecar of a row would add its
// minimum to what those before it have added. So attempts are at most 1 + percent / 100 times the
// requests, or minimumPerSecond more, in any ten slots that end with a retry; windows that do not overlap
// cover all retries there ever were, so the same holds for the whole life of a budget.

/** What the config says of it. */
export interface BudgetSettings {
  readonly percent: number;
  readonly minimumPerSecond: number;
}

const SLOTS = 10;
const SLOT_MS = 1000;

/** Times are `Clock.now()` milliseconds. Allocates nothing after it was made. */
export class Budget {
  /** May change: what was counted stays. */
  settings: BudgetSettings;
  /** By slot; a retry is in the slot in which it was granted, however long it then waits. */
  readonly #requests = new Float64Array(SLOTS);
  readonly #granted = new Float64Array(SLOTS);
  #slot = 0;
  #slotEnds = Number.NEGATIVE_INFINITY;

  constructor(settings: BudgetSettings) {
    this.settings = settings;
  }

  /** A request has come, however often it will be tried. */
  count(now: number): void {
    if (now >= this.#slotEnds) this.#turn(now);
    this.#requests[this.#slot] = (this.#requests[this.#slot] as number) + 1;
  }

  /** How many retries would be granted at once. */
  remaining(now: number): number {
    if (now >= this.#slotEnds) this.#turn(now);
    const { percent, minimumPerSecond } = this.settings;
    const allowed = Math.max((percent * sum(this.#requests)) / 100, minimumPerSecond * SLOTS);
    return Math.max(0, Math.floor(allowed - sum(this.#granted)));
  }

  /** A retry was granted; to be asked before whether one remains. */
  spend(now: number): void {
    if (now >= this.#slotEnds) this.#turn(now);
    this.#granted[this.#slot] = (this.#granted[this.#slot] as number) + 1;
  }

  /** Empties the slots whose time has come again. */
  #turn(now: number): void {
    const behind = Math.floor((now - this.#slotEnds) / SLOT_MS) + 1;
    for (let turns = Math.min(SLOTS, behind); turns > 0; turns--) {
      this.#slot = (this.#slot + 1) % SLOTS;
      this.#requests[this.#slot] = 0;
      this.#granted[this.#slot] = 0;
    }
    this.#slotEnds = (Math.floor(now / SLOT_MS) + 1) * SLOT_MS;
  }
}

function sum(slots: Float64Array): number {
  let total = 0;
  for (const each of slots) total += each;
  return total;
}
