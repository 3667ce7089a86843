// How slow an endpoint answers of late: a moving average that follows a rise at once and a fall slowly.
//
//   answer slower than the average    average = answer
//   otherwise                         average = w * average + (1 - w) * answer,   w = e^(-dt / FALL)
//   no answer                         average = v * average,                      v = e^(-dt / IDLE)
//
// "Peak EWMA", as in Twitter's Finagle (PeakEwma.scala) and Linkerd: an average that lags a rise keeps
// sending requests to an endpoint that has just become slow. What is not asked decays likewise, so that an
// endpoint that was avoided is tried again. They use ten seconds for both; but one hiccup of an endpoint
// that answers hundreds of times a second would then make it equal to one that is always slow, for seconds.
//
// Calls that were given up because a later one was answered first, elsewhere, took longer than that; how
// much longer nobody knows. Of times that are cut off so, and exponential otherwise, the likeliest mean is
// the sum of all of them / the number of those that were not: what is told is average / share of answers.

/** The time in milliseconds after which answers that were slower than those of now count for 37 %. */
const FALL_MS = 1000;
/** The time in milliseconds after which the last answer counts for 37 %. */
const IDLE_MS = 10_000;

/** A single call moves the share of answers so far at most, however long ago the one before was. */
const MOST = 0.25;
/** With fewer answers than that a share of them says no more. */
const LEAST_ANSWERED = 0.1;

export class PeakLatency {
  #average = 0;
  /** The share of the calls that were waited for until their answer. */
  #answered = 1;
  #at = 0;

  /** An answer took `ms` milliseconds; `now` does not go back. */
  observe(ms: number, now: number): void {
    const before = this.#left(now);
    const kept = Math.exp((this.#at - now) / FALL_MS);
    this.#average = ms > before ? ms : this.#average * kept + ms * (1 - kept);
    if (this.#answered < 1) this.#answered += (1 - this.#answered) * Math.min(1 - kept, MOST);
    this.#at = now;
  }

  /** There was none within `ms` milliseconds, and then nobody waited for it any longer. */
  beaten(ms: number, now: number): void {
    const kept = Math.exp((this.#at - now) / FALL_MS);
    this.#average = Math.max(ms, this.#left(now));
    this.#answered = Math.max(LEAST_ANSWERED, this.#answered * (1 - Math.min(1 - kept, MOST)));
    this.#at = now;
  }

  /** The average in milliseconds; it falls while nothing is observed, to 0 in the end. */
  value(now: number): number {
    return this.#left(now) / this.#answered;
  }

  #left(now: number): number {
    return this.#average === 0 ? 0 : this.#average * Math.exp((this.#at - now) / IDLE_MS);
  }
}
