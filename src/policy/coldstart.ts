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
const STEP_MS = 50;
/** Fewer do not tell anything. */
const ENOUGH = 8;
/** So much longer, in ln, and so many deviations more than that, is no chance. */
const [LONGER, DEVIATIONS] = [0.35, 1.5];

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

/** A time in which there was one limit. */
class Step {
  ms = 0;
  /** What was in flight, times milliseconds. */
  load = 0;
  ended = 0;

  add({ ms, load, ended }: Step): this {
    this.ms += ms;
    this.load += load;
    this.ended += ended;
    return this;
  }

  get held(): Held {
    return { limit: this.load / this.ms, mean: this.load / this.ended };
  }
}

export class ColdStart {
  readonly #before = new Step();
  #last = new Step();
  #inFlight = 0;
  /** When `#last` was brought up to date. */
  #at: number | undefined;
  #used = false;

  /** A request has begun, and is one of `inFlight`; `full` says that no more may be in flight. Times in milliseconds. */
  started(now: number, inFlight: number, full: boolean): void {
    this.#pass(now);
    this.#inFlight = inFlight;
    this.#used ||= full;
  }

  /** One has ended; `done` says that it was answered well. */
  ended(now: number, done: boolean): void {
    this.#pass(now);
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    if (done) this.#last.ended++;
  }

  /** Is more wanted, and has what there is been tried for long enough? */
  isOver(now: number): boolean {
    this.#pass(now);
    const known = new Step().add(this.#before).add(this.#last);
    const wait = known.ended < ENOUGH ? 0 : known.held.mean;
    return this.#used && this.#last.ms >= Math.max(STEP_MS, wait);
  }

  /** Another limit is in force from now on. */
  next(): void {
    this.#before.add(this.#last);
    this.#last = new Step();
    this.#used = false;
  }

  /** What the steps say; undefined when too few requests have ended. */
  get compared(): Compared | undefined {
    const [a, b] = [this.#before, this.#last];
    if (a.ended < ENOUGH || b.ended < ENOUGH) return undefined;
    const [before, last] = [a.held, b.held];
    const sigma = Math.sqrt(1 / a.ended + 1 / b.ended);
    const slower = Math.log(last.mean / before.mean) > LONGER + DEVIATIONS * sigma;
    return { before, last, sigma, slower };
  }

  /** Time in which nothing is in flight is no time of a step. */
  #pass(now: number): void {
    const ms = now - (this.#at ?? now);
    this.#at = now;
    if (this.#inFlight === 0) return;
    this.#last.ms += ms;
    this.#last.load += ms * this.#inFlight;
  }
}
