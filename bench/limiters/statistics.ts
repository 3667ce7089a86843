// What several contenders reckon with.

/** An exponential average of so many values, after the plain mean of the first ones. */
export class Average {
  readonly #age: number;
  readonly #warm: number;
  #count = 0;
  value = 0;

  constructor(age: number, warm: number) {
    this.#age = age;
    this.#warm = warm;
  }

  /** The average with this one. */
  add(value: number): number {
    const share = this.#count < this.#warm ? 1 / ++this.#count : 2 / (this.#age + 1);
    this.value += (value - this.value) * share;
    return this.value;
  }
}

/** Varies by less: says nothing of what depends on it. */
const STILL = 0.05;

/** How two things vary together, over the last so many pairs. */
export class Correlation {
  readonly #size: number;
  readonly #warm: number;
  readonly #pairs: [number, number][] = [];

  constructor(size: number, warm: number) {
    this.#size = size;
    this.#warm = warm;
  }

  /** Pearson's coefficient, 0 while too little is known, and the coefficient of variation of y. */
  add(x: number, y: number): { value: number; variation: number } {
    const pairs = this.#pairs;
    pairs.push([x, y]);
    if (pairs.length > this.#size) pairs.shift();
    const count = pairs.length;
    if (count < this.#warm) return { value: 0, variation: 0 };
    let [sumX, sumY, squaresX, squaresY, products] = [0, 0, 0, 0, 0];
    for (const [a, b] of pairs) {
      sumX += a;
      sumY += b;
      squaresX += a * a;
      squaresY += b * b;
      products += a * b;
    }
    const [meanX, meanY] = [sumX / count, sumY / count];
    const deviationX = Math.sqrt(Math.max(0, squaresX / count - meanX * meanX));
    const deviationY = Math.sqrt(Math.max(0, squaresY / count - meanY * meanY));
    const variation = deviationY / meanY;
    if (deviationX / meanX < STILL || variation < STILL) return { value: 0, variation };
    return { value: (products / count - meanX * meanY) / (deviationX * deviationY), variation };
  }
}

/** The middle one of them, in their order; NaN of none. */
export function medianOf(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;
}
