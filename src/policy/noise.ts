// How far the mean of some requests may be off by chance, and whether a service has changed.
//
//   sigma = w * sqrt(1 / n),   w = max(cv * sqrt(depth), spread of the means of blocks)
//
// Requests that wait within a service wait for each other's work, so that they are alike: with `depth` times
// as many in flight as it works on, each takes the time of as many, and the spread among them is too low by
// the root of it. Blocks of requests that follow each other show what is left of that; at first there are none.
import { Cohort } from "./cohort.ts";

/** Before anything is known it is as with exponential times: one block's worth. */
const [FIRST_CV, FIRST_COUNT] = [1, 1];
const LEAST_RATE = 0.02;
/** So many blocks are averaged, and the first spread counts for so many. */
const [MOST_BLOCKS, FIRST_BLOCKS] = [32, 4];
/** One that is further off is not noise. */
const MOST_SPREAD = 9;
/** A block is that far off before it says anything: in ln, and in sigma. */
const [NOTABLE, NOTABLE_SIGMA] = [0.08, 3];

/** The mean of so many requests, and what may be different from it now, in ln. */
export interface Usual {
  readonly mean: number;
  readonly count: number;
  readonly least: number;
  readonly most: number;
}

export class Noise {
  #cv = FIRST_CV;
  #cohorts = FIRST_COUNT;
  #spread = 0;
  #blocks = 0;
  #block = new Cohort(0);
  /** The mean of the block before. */
  #before = 0;
  /** How far that was off, in ln, where it was notable. */
  #odd = 0;

  /** The coefficient of variation of what requests take, from 0 to 3. */
  get cv(): number {
    return this.#cv;
  }

  /** The standard deviation of the mean of n requests is that / sqrt(n), relative to it. */
  single(depth: number): number {
    return Math.max(this.#cv * Math.sqrt(Math.max(1, depth)), Math.sqrt(this.#spread));
  }

  /** Another `cohort` is there to learn from. */
  learn(cohort: Cohort): void {
    this.#cv += Math.max(LEAST_RATE, 1 / ++this.#cohorts) * (cohort.cv - this.#cv);
  }

  /** One more request at the usual limit. */
  add(tookMs: number): void {
    this.#block.add(tookMs);
  }

  /** The limit is another one: what comes is not to be compared with what was. */
  forget(): void {
    this.#block = new Cohort(0);
    this.#before = 0;
    this.#odd = 0;
  }

  /**
   * Once a block of `size` is full: "none" when it is as usual; by how much it differs, in ln, where the one
   * before did, too, to the same side: then the service has changed. Undefined while it cannot be said.
   */
  change(usual: Usual, size: number, depth: number): number | "none" | undefined {
    const block = this.#block;
    if (block.count < size) return undefined;
    this.#block = new Cohort(0);
    this.#compare(block);
    const seen = Math.log(block.mean / usual.mean);
    const off = seen - Math.min(usual.most, Math.max(usual.least, seen));
    const sigma = this.single(depth) * Math.sqrt(1 / block.count + 1 / usual.count);
    const notable = Math.abs(off) >= Math.max(NOTABLE, NOTABLE_SIGMA * sigma);
    const again = notable && this.#odd * off > 0;
    this.#odd = notable && !again ? off : 0;
    if (!notable) return "none";
    return again ? off : undefined;
  }

  #compare({ mean, count }: Cohort): void {
    if (this.#blocks === 0) {
      this.#spread = this.#cv ** 2;
      this.#blocks = FIRST_BLOCKS;
    }
    if (this.#before > 0) {
      const seen = Math.min(MOST_SPREAD, (Math.log(mean / this.#before) ** 2 * count) / 2);
      this.#spread += (seen - this.#spread) / Math.min(MOST_BLOCKS, ++this.#blocks);
    }
    this.#before = mean;
  }
}
