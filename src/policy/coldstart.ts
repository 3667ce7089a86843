// How many to let through before anything is known of a service: an answer may take a millisecond or a minute.
//
//   all of them in use, the step is over     twice as many
//   so many more in flight, and not so       that is enough: it says
//   many more done, and not by chance        where the knee may lie
//
// A step takes as long as a request does; as long as few have ended it is short: whoever answers slowly must not
// look like one that cannot do more. How long a request takes is what is in flight over what is done in a
// time (Little, 1961): this holds while requests are under way that have slowed down each other.

/** A step takes so many milliseconds at least. */
const STEP_MS = 100;
/** Fewer do not tell anything. */
const ENOUGH = 8;
/** After so many milliseconds in which less than half of them were in use, what was before is forgotten. */
const PAUSE_MS = 1000;
/** So many of the first must have ended. */
const MOSTLY = 0.9;
/** So much longer, in ln, and so many deviations more than that, is no chance. */
const [LONGER, DEVIATIONS] = [0.35, 1];

/** Requests with so many in flight in the mean, and how long they took, in milliseconds. */
export interface Held {
  readonly limit: number;
  readonly mean: number;
}

/** What was compared: the last step with those before it. */
export interface Compared {
  readonly before: Held;
  readonly last: Held;
  /** The standard deviation of the logarithm of how much longer requests take. */
  readonly sigma: number;
  /** Do they take longer, and not by chance? */
  readonly slower: boolean;
}

/** What was done in some time. */
class Step {
  ms = 0;
  /** What was in flight, times milliseconds. */
  load = 0;
  ended = 0;

  add({ ms, load, ended }: Step): void {
    this.ms += ms;
    this.load += load;
    this.ended += ended;
  }

  get held(): Held {
    return { limit: this.load / this.ms, mean: this.load / this.ended };
  }
}

export class ColdStart {
  /** With one limit each, while as many were in flight as may be: other times say little of what it does. */
  #before = new Step();
  #last = new Step();
  /** All the time since then. */
  #all = new Step();
  /** The requests with which it began; `inFlight` is the sum of how many there were then. */
  #first = { began: 0, ended: 0, inFlight: 0, tookMs: 0 };
  #stamp = -1;
  #stepped = false;
  #inFlight = 0;
  #limit = 1;
  #full = false;
  #at = 0;
  /** When half of the limit was in use last. */
  #busyAt = Number.NEGATIVE_INFINITY;

  /**
   * A request has begun, and is one of `inFlight`, of `limit` at most. Times in milliseconds. Gives its stamp, below 0,
   * if it is among the first.
   */
  started(now: number, inFlight: number, limit: number): number | undefined {
    this.#pass(now);
    this.#inFlight = inFlight;
    this.#limit = limit;
    this.#full = inFlight >= limit;
    // Who knows whether it is the service still that it was then?
    if (this.#full && now - this.#busyAt > PAUSE_MS) this.#forget();
    if (this.#stepped || this.#first.began >= limit) return undefined;
    this.#first.began++;
    this.#first.inFlight += inFlight;
    return this.#stamp;
  }

  /** The one with this stamp has ended, after `tookMs` if it was answered well. */
  ended(now: number, stamp: number, tookMs: number | undefined): void {
    this.#pass(now);
    const done = tookMs !== undefined;
    if (done && stamp === this.#stamp) {
      this.#first.ended++;
      this.#first.tookMs += tookMs;
    }
    if (done) this.#all.ended++;
    if (done && this.#full) this.#last.ended++;
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    this.#full = false;
  }

  /** Is more wanted, and has what there is been tried for long enough? */
  isOver(now: number): boolean {
    this.#pass(now);
    const wait = this.#all.ended < ENOUGH ? 0 : this.#all.held.mean;
    return this.#full && this.#last.ms >= Math.max(STEP_MS, wait);
  }

  /** Another limit is in force from now on. */
  next(): void {
    this.#stepped = true;
    this.#before.add(this.#last);
    this.#last = new Step();
    this.#full = false;
  }

  /** What the steps say; undefined when too few requests have ended. */
  get compared(): Compared | undefined {
    const [a, b] = [this.#earlier, this.#last];
    if (a === undefined || b.ended < ENOUGH) return undefined;
    const [before, last] = [a.held, b.held];
    const sigma = Math.sqrt(1 / a.ended + 1 / b.ended);
    const slower = Math.log(last.mean / before.mean) > LONGER + DEVIATIONS * sigma;
    return { before, last, sigma, slower };
  }

  /**
   * What the last step is compared with. While nothing has ended too many may have been let through; what the first
   * requests took, once all of them have ended, shows that.
   */
  get #earlier(): Pick<Step, "held" | "ended"> | undefined {
    const { began, ended, inFlight, tookMs } = this.#first;
    const mean = tookMs / ended;
    const whole = ended >= ENOUGH && ended >= MOSTLY * began;
    const before = this.#before.ended >= ENOUGH ? this.#before : undefined;
    if (!whole || (before !== undefined && before.held.mean < mean)) return before;
    return { ended, held: { limit: inFlight / began, mean } };
  }

  #pass(now: number): void {
    const ms = now - this.#at;
    this.#at = now;
    if (2 * this.#inFlight >= this.#limit) this.#busyAt = now;
    for (const step of this.#full ? [this.#all, this.#last] : [this.#all]) {
      step.ms += ms;
      step.load += ms * this.#inFlight;
    }
  }

  #forget(): void {
    this.#before = new Step();
    this.#last = new Step();
    this.#all = new Step();
    this.#first = { began: 0, ended: 0, inFlight: 0, tookMs: 0 };
    this.#stamp--;
    this.#stepped = false;
  }
}
