// Requests that began while the same number was in flight, and how long they took.

/** One that is drawn by chance once in a thousand years is not to be the measure of all. */
const MOST_CV = 3;

export class Cohort {
  /** How many were in flight when they began, themselves included. */
  readonly limit: number;
  began = 0;
  ended = 0;
  /** Those that count: they have ended well. Fewer than there were, once what is old has faded. */
  count = 0;
  #sum = 0;
  #squares = 0;
  /** The sum of the times at which those began that have not ended. */
  #begins = 0;

  constructor(limit: number) {
    this.limit = limit;
  }

  /** How long they took in the mean, in milliseconds; NaN when none counts. */
  get mean(): number {
    return this.#sum / this.count;
  }

  /** The coefficient of variation of what they took, from 0 to 3. */
  get cv(): number {
    const relative = (this.#squares * this.count) / (this.#sum * this.#sum);
    return Math.min(MOST_CV, Math.sqrt(Math.max(0, relative - 1)));
  }

  begin(now: number): void {
    this.began++;
    this.#begins += now;
  }

  /** One has ended, which began at `since` if that is known. */
  end(since = this.#begins / (this.began - this.ended)): void {
    this.ended++;
    this.#begins -= since;
  }

  /** One has ended well after so many milliseconds. */
  add(tookMs: number): void {
    this.count++;
    this.#sum += tookMs;
    this.#squares += tookMs * tookMs;
  }

  /** Those that have not ended count as if their ends came by chance: after as long again as all in the mean. */
  complete(now: number): void {
    const open = this.began - this.ended;
    if (open <= 0) return;
    const took = now - this.#begins / open + this.mean;
    for (let i = 0; i < open; i++) this.add(took);
  }

  /** What is old counts for less: for `most` at most. */
  fade(most: number): void {
    if (this.count <= most) return;
    const kept = most / this.count;
    this.count *= kept;
    this.#sum *= kept;
    this.#squares *= kept;
  }
}
