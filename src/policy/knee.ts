// What is known of the knee: how many requests a service works on at once before they wait within it.
//
// With n in flight all the time, requests take R(n) = S * max(1, n / K) in the mean, by Little's law, where S
// is the service time and K the knee. Two means, taken one shortly after the other at a < b, do away with S:
//
//   ln R(b) / R(a) = ln b / K, but 0 at least and ln b / a at most
//
// so that each such pair says how likely every K is. A histogram over ln K (a Bayes filter on a grid) takes
// alike what is flat, what is linear, and what lies between; and what could not have shown a difference
// leaves it as it is.

const [LEAST, MOST] = [0.7, 150_000];
/** In ln K. */
const STEP = 0.04;
const COUNT = Math.ceil(Math.log(MOST / LEAST) / STEP) + 1;
const LOGARITHMS = Float64Array.from({ length: COUNT }, (_, i) => Math.log(LEAST) + STEP * i);
const KNEES = LOGARITHMS.map(Math.exp);
/** Of the first guess, in ln K: the mean distance. */
const GUESSED = 2;
/** No observation is believed more than that: somebody else's load may be in it, or a change. */
const OUTLIER = 0.02;

/** Requests with so many in flight, and the mean of what they took. */
export interface Measured {
  readonly limit: number;
  readonly mean: number;
}

export class Knee {
  readonly #shares: Float64Array;
  readonly #scratch = new Float64Array(COUNT);
  /** Of ln K, as long as nothing has changed. */
  #moments: { readonly mean: number; readonly deviation: number } | undefined;

  /** Believed to be about `guess`, and not much. */
  constructor(guess: number) {
    const at = Math.log(guess);
    this.#shares = LOGARITHMS.map((each) => Math.exp(-Math.abs(each - at) / GUESSED));
    this.#normalize();
  }

  /** The geometric mean. */
  get mean(): number {
    return Math.exp(this.#measured.mean);
  }

  /** The standard deviation of ln K. */
  get deviation(): number {
    return this.#measured.deviation;
  }

  /** The K below which a share of the belief lies; the share is from 0 to 1. */
  quantile(share: number): number {
    let sum = 0;
    for (const [i, each] of this.#shares.entries()) {
      const next = sum + each;
      if (next >= share) {
        return Math.exp((LOGARITHMS[i] as number) + STEP * ((share - sum) / each - 0.5));
      }
      sum = next;
    }
    return MOST;
  }

  /**
   * What is to be learnt from means at a < b whose ratio has such a deviation, in nats: ln(1 + v) / 2, where v
   * is the variance of what may be seen over that of the noise (the capacity of a Gaussian channel).
   */
  gain(a: number, b: number, deviation: number): number {
    const [to, most] = [Math.log(b), Math.log(b / a)];
    let [sum, squares] = [0, 0];
    for (let i = 0; i < COUNT; i++) {
      const wanted = Math.min(most, Math.max(0, to - (LOGARITHMS[i] as number)));
      const weighed = (this.#shares[i] as number) * wanted;
      sum += weighed;
      squares += weighed * wanted;
    }
    return Math.log(1 + Math.max(0, squares - sum * sum) / (deviation * deviation)) / 2;
  }

  /** The mean of what `cost` says of K. */
  expect(cost: (knee: number) => number): number {
    let sum = 0;
    for (let i = 0; i < COUNT; i++) sum += (this.#shares[i] as number) * cost(KNEES[i] as number);
    return sum;
  }

  /** `ratio` = ln R(b) / R(a) was measured, with its standard deviation, and is to be doubted so much. */
  observe(a: number, b: number, ratio: number, deviation: number, doubt = OUTLIER): void {
    const [to, most] = [Math.log(b), Math.log(b / a)];
    for (let i = 0; i < COUNT; i++) {
      const wanted = Math.min(most, Math.max(0, to - (LOGARITHMS[i] as number)));
      const off = (ratio - wanted) / deviation;
      this.#shares[i] = (this.#shares[i] as number) * (Math.exp((-off * off) / 2) + doubt);
    }
    this.#normalize();
  }

  /**
   * What the mean times of requests with fewer in flight, `a`, and with more, `b`, say, where the logarithm of
   * their ratio has such a deviation. No knee makes them differ by less than nothing, nor by more than the limits.
   */
  compare(a: Measured, b: Measured, deviation: number, doubt = OUTLIER): void {
    const ratio = Math.log(b.mean / a.mean);
    const possible = Math.min(Math.log(b.limit / a.limit), Math.max(0, ratio));
    const impossible = Math.max(0, Math.abs(ratio - possible) - deviation);
    this.observe(a.limit, b.limit, possible, deviation + impossible / 2, doubt);
  }

  /** It may have changed, with a probability, by so much: the mean of |ln|. */
  widen(scale: number, probability: number): void {
    const [shares, spread] = [this.#shares, this.#scratch];
    const keep = Math.exp(-STEP / scale);
    let carried = 0;
    for (let i = 0; i < COUNT; i++) {
      carried = carried * keep + (shares[i] as number);
      spread[i] = carried;
    }
    carried = 0;
    for (let i = COUNT - 1; i >= 0; i--) {
      spread[i] = (spread[i] as number) + carried;
      carried = (carried + (shares[i] as number)) * keep;
    }
    const all = spread.reduce((sum, each) => sum + each, 0);
    for (let i = 0; i < COUNT; i++) {
      const other = (spread[i] as number) / all;
      shares[i] = (1 - probability) * (shares[i] as number) + probability * other;
    }
    this.#moments = undefined;
  }

  get #measured() {
    if (this.#moments === undefined) {
      let [sum, squares] = [0, 0];
      for (let i = 0; i < COUNT; i++) {
        const weighed = (this.#shares[i] as number) * (LOGARITHMS[i] as number);
        sum += weighed;
        squares += weighed * (LOGARITHMS[i] as number);
      }
      const deviation = Math.sqrt(Math.max(0, squares - sum * sum));
      this.#moments = { mean: sum, deviation };
    }
    return this.#moments;
  }

  #normalize(): void {
    const sum = this.#shares.reduce((all, each) => all + each, 0);
    for (let i = 0; i < COUNT; i++) this.#shares[i] = (this.#shares[i] as number) / sum;
    this.#moments = undefined;
  }
}
