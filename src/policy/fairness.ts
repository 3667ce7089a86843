// Callers that ask for more than their share of one class are cut down to it before anybody else is refused.
//
//   sum over callers of min(arrivals, share) = budget          ("max-min fair": filling with water)
//
// Only the heavy ones are known one by one, and of them only what is certain; the others are counted
// together, and are never cut. Where all ask for about the same nobody is heavy: the share is at least the
// median of those that are known, and it is for the cohorts to choose.
import { Sketch } from "./sketch.ts";
import { Spread } from "./spread.ts";
import type { Standing } from "./threshold.ts";

/** Whoever asks for more than 1 / 64 of a class is known. */
const PLACES = 64;

export class Fairness {
  readonly #sketch = new Sketch(PLACES);
  readonly #sure = new Float64Array(PLACES).fill(1);
  readonly #most = new Float64Array(PLACES).fill(1);
  readonly #spreads: readonly Spread[] = Array.from({ length: PLACES }, () => new Spread());
  /** Is anybody cut? */
  active = false;

  /** Arrivals of the class, decayed, those that were refused included. */
  get total(): number {
    return this.#sketch.total;
  }

  /** Counts an arrival and says what becomes of it; `caller` is a 32-bit hash. */
  judge(caller: number): Standing {
    const counted = this.#sketch.count(caller);
    const place = counted < 0 ? -1 - counted : counted;
    if (counted < 0) this.#open(place);
    const most = this.#most[place] as number;
    const sure = this.#sure[place] as number;
    if (sure === 1) return "firm";
    const chance = (this.#spreads[place] as Spread).next();
    if (chance < sure) return "firm";
    return chance < most ? "marginal" : "refused";
  }

  /**
   * Admits so many of what has arrived, and so many of those for sure. How many remain, at most: more than
   * that when cutting the heavy ones is not enough.
   */
  admit(sure: number, most: number): number {
    this.admitAll();
    if (this.total <= most) return this.total;
    const known = this.#known();
    const [certain, highest] = [this.#share(known, sure), this.#share(known, most)];
    let remain = this.total;
    for (let place = 0; place < PLACES; place++) {
      const asks = this.#sketch.certain(place);
      if (asks > certain) this.#sure[place] = certain / asks;
      if (asks <= highest) continue;
      this.active = true;
      this.#most[place] = highest / asks;
      remain -= asks - highest;
    }
    return remain;
  }

  /** Cuts nobody. */
  admitAll(): void {
    this.active = false;
    for (let place = 0; place < PLACES; place++) this.#open(place);
  }

  /** Everything that has arrived counts for `factor`, below 1, of what it did. */
  decay(factor: number): void {
    this.#sketch.decay(factor);
  }

  #open(place: number): void {
    this.#sure[place] = 1;
    this.#most[place] = 1;
  }

  /** What is certain of the heavy ones, ascending. */
  #known(): readonly number[] {
    const all: number[] = [];
    for (let place = 0; place < PLACES; place++) {
      const asks = this.#sketch.certain(place);
      if (asks > 0) all.push(asks);
    }
    return all.sort((a, b) => a - b);
  }

  #share(known: readonly number[], budget: number): number {
    const median = known[Math.floor((known.length - 1) / 2)] ?? Number.POSITIVE_INFINITY;
    let left = budget - this.total + known.reduce((sum, asks) => sum + asks, 0);
    for (const [index, asks] of known.entries()) {
      const even = left / (known.length - index);
      if (asks > even) return Math.max(even, median);
      left -= asks;
    }
    return Number.POSITIVE_INFINITY;
  }
}
