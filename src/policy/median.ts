// The median of the latest times, in two numbers.
//
//   m <- m * e^(+0.05) after a time above m,   m * e^(-0.05) after one below
//
// "Frugal streaming" (Ma, Muthukrishnan, Sandler, 2013) on a scale of logarithms: at the median as many pull
// up as down. It follows a change to four times as much within 30 answers, and is 5 to 10 % off at rest.

const STEP = 0.05;
/** Of fewer times nothing is told. */
const ENOUGH = 20;

export class Median {
  #ln = 0;
  #count = 0;

  /** A time of `ms` milliseconds. */
  observe(ms: number): void {
    const ln = Math.log(Math.max(ms, 0.001));
    // The first ones are averaged: they are to lead there, however far it is.
    if (this.#count < ENOUGH) this.#ln += (ln - this.#ln) / ++this.#count;
    else this.#ln += ln > this.#ln ? STEP : -STEP;
  }

  /** In milliseconds; undefined before there were twenty times. */
  get value(): number | undefined {
    return this.#count < ENOUGH ? undefined : Math.exp(this.#ln);
  }
}
