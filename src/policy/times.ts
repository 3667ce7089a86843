// How long answers take of late: a percentile of their times.
//
//   | 30 s before | 30 s until now |      counts by size: each bucket is 9 % (2^(1/8)) wider than the one below
//
// What is told is the upper end of the bucket in which the percentile lies: 9 % too much at most, never too
// little. It is found anew once 1 % more times have come. Two halves rather than a decay: a percentile wants
// whole counts, and to forget is to swap them. All memory is taken at the start, 1.5 KiB.

const PER_DOUBLING = 8;
/** The first bucket ends at 2^-3 ms; the last one holds all above 2^21 ms, which is 35 minutes. */
const LOWEST = -3 * PER_DOUBLING;
const BUCKETS = 24 * PER_DOUBLING + 1;
const HALF_MS = 30_000;
/** Of fewer answers nothing is told. */
const ENOUGH = 100;

/** Times are `Clock.now()` milliseconds, and do not go back. */
export class RecentTimes {
  #now = new Uint32Array(BUCKETS);
  #before = new Uint32Array(BUCKETS);
  #counted = 0;
  #countedBefore = 0;
  #halfEnds = Number.NEGATIVE_INFINITY;
  #told: number | undefined;
  #toldShare = 0;
  /** So many times must have been counted before it is worth while to look again. */
  #lookAt = 0;

  /** An answer took `ms` milliseconds, or at least that. */
  observe(ms: number, now: number): void {
    if (now >= this.#halfEnds) this.#turn(now);
    const bucket = bucketOf(ms);
    this.#now[bucket] = (this.#now[bucket] ?? 0) + 1;
    this.#counted++;
  }

  /**
   * So many milliseconds were enough for a `share`, in (0, 1), of the answers of the last 30 to 60 seconds;
   * undefined while there were fewer than a hundred.
   */
  percentile(share: number, now: number): number | undefined {
    if (now >= this.#halfEnds) this.#turn(now);
    const total = this.#counted + this.#countedBefore;
    if (total < this.#lookAt && share === this.#toldShare) return this.#told;
    this.#told = total < ENOUGH ? undefined : this.#find(share * total);
    this.#toldShare = share;
    this.#lookAt = Math.max(ENOUGH, Math.ceil(total * 1.01));
    return this.#told;
  }

  /** The upper end of the bucket in which the answer of this rank is, in the order of their times. */
  #find(rank: number): number {
    let bucket = 0;
    let sum = 0;
    for (; bucket < BUCKETS - 1; bucket++) {
      sum += (this.#now[bucket] ?? 0) + (this.#before[bucket] ?? 0);
      if (sum >= rank) break;
    }
    return 2 ** ((LOWEST + bucket) / PER_DOUBLING);
  }

  #turn(now: number): void {
    const gone = now >= this.#halfEnds + HALF_MS;
    [this.#before, this.#now] = [this.#now, this.#before];
    this.#now.fill(0);
    if (gone) this.#before.fill(0);
    this.#countedBefore = gone ? 0 : this.#counted;
    this.#counted = 0;
    this.#halfEnds = gone ? now + HALF_MS : this.#halfEnds + HALF_MS;
    this.#lookAt = 0;
  }
}

function bucketOf(ms: number): number {
  const bucket = Math.ceil(PER_DOUBLING * Math.log2(ms)) - LOWEST;
  // Nothing at all has no logarithm; NaN is nothing either.
  return bucket > 0 ? Math.min(bucket, BUCKETS - 1) : 0;
}
