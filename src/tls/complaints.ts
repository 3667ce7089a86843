// What is worth a line of the log, but not one for each: whoever connects could fill the disk.

/** So many lines may come at once; then one a second. */
const BURST = 5;
const LINE_MS = 1000;

export class Complaints {
  #credit = BURST;
  #at = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  /** Something is to be complained of, `now`: how many were left out since the last line; undefined for this one as well. */
  next(now: number): number | undefined {
    this.#credit = Math.min(BURST, this.#credit + (now - this.#at) / LINE_MS);
    this.#at = now;
    if (this.#credit < 1) {
      this.#unsaid++;
      return undefined;
    }
    this.#credit--;
    const unsaid = this.#unsaid;
    this.#unsaid = 0;
    return unsaid;
  }
}
