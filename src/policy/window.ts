// How many calls there were lately, and how many of them failed or were slow.
//
//   | oldest |   |   |   |   |   |   |   |   | now |      ten buckets, each a tenth of the window
//
// The sums are kept as they change: a record touches one bucket, and a bucket that becomes too old
// is taken off as a whole. So nothing older than the window is counted, and everything is that is
// younger than nine tenths of it. All memory is taken at the start.

const BUCKETS = 10;

/** Counts over a sliding window of time. */
export class Window {
  readonly #bucketMs: number;
  readonly #calls = new Uint32Array(BUCKETS);
  readonly #failures = new Uint32Array(BUCKETS);
  readonly #slow = new Uint32Array(BUCKETS);
  #index = 0;
  /** When the newest bucket is over; long ago while there is nothing in any. */
  #end = Number.NEGATIVE_INFINITY;
  #sumOfCalls = 0;
  #sumOfFailures = 0;
  #sumOfSlow = 0;

  /** `windowMs` is above 0. */
  constructor(windowMs: number) {
    this.#bucketMs = windowMs / BUCKETS;
  }

  /** Everything recorded, as of the last `record` or `advance`. */
  get calls(): number {
    return this.#sumOfCalls;
  }

  /** Those of the calls that failed. */
  get failures(): number {
    return this.#sumOfFailures;
  }

  /** Those of the calls that were slow, whether they failed or not. */
  get slow(): number {
    return this.#sumOfSlow;
  }

  /** Counts one call. A time before that of the last one counts as the last one's. */
  record(now: number, failed: boolean, slow: boolean): void {
    this.advance(now);
    this.#sumOfCalls++;
    add(this.#calls, this.#index);
    if (failed) {
      this.#sumOfFailures++;
      add(this.#failures, this.#index);
    }
    if (slow) {
      this.#sumOfSlow++;
      add(this.#slow, this.#index);
    }
  }

  /** Forgets what is too old by `now`, in milliseconds. */
  advance(now: number): void {
    if (now < this.#end) return;
    const steps = Math.floor((now - this.#end) / this.#bucketMs) + 1;
    if (steps >= BUCKETS) {
      this.clear();
      this.#end = now + this.#bucketMs;
      return;
    }
    for (let step = 0; step < steps; step++) this.#turn();
    this.#end += steps * this.#bucketMs;
  }

  /** Forgets everything. */
  clear(): void {
    this.#calls.fill(0);
    this.#failures.fill(0);
    this.#slow.fill(0);
    this.#sumOfCalls = 0;
    this.#sumOfFailures = 0;
    this.#sumOfSlow = 0;
    this.#end = Number.NEGATIVE_INFINITY;
  }

  #turn(): void {
    this.#index = (this.#index + 1) % BUCKETS;
    this.#sumOfCalls -= empty(this.#calls, this.#index);
    this.#sumOfFailures -= empty(this.#failures, this.#index);
    this.#sumOfSlow -= empty(this.#slow, this.#index);
  }
}

function add(buckets: Uint32Array, index: number): void {
  buckets[index] = (buckets[index] ?? 0) + 1;
}

/** Takes what is in a bucket out of it. */
function empty(buckets: Uint32Array, index: number): number {
  const count = buckets[index] ?? 0;
  buckets[index] = 0;
  return count;
}
