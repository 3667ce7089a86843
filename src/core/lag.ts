// How late this process is itself, from the beat of a timer: who waits for somebody else takes that
// time out of the account.
//
//   lag of a beat = time since the beat before - the time between two beats
//
// What is longer than a stall is added up: two readings tell how long we stood still between them. The
// longest lag is shown for one to two windows, because one that starts again at each scrape is
// seen by only one of two scrapers, and a percentile hides the one stall that matters.

/** A lag of so many milliseconds is no ordinary lateness: we stood still. */
export const STALL_MS = 100;
const WINDOW_MS = 60_000;

/** So many beats are looked at for what is usual. */
const BEATS = 16;

/** Times in `Clock.now()` milliseconds. */
export class Lag {
  /** Is it usually late, as things are? Then what takes long may be our own doing: it teaches nobody. */
  late = false;
  readonly #beats = new Float64Array(BEATS);
  #count = 0;
  readonly #beatMs: number;
  #last: number;
  #stood = 0;
  #windowEnds: number;
  #longest = 0;
  #longestBefore = 0;

  constructor(beatMs: number, now: number) {
    this.#beatMs = beatMs;
    this.#last = now;
    this.#windowEnds = now + WINDOW_MS;
  }

  /** To be called every `beatMs`. */
  beat(now: number): void {
    const late = now - this.#last - this.#beatMs;
    this.#beats[this.#count++ % BEATS] = late;
    if (late >= STALL_MS) this.#stood += late;
    if (now >= this.#windowEnds) this.#turn(now);
    if (late > this.#longest) this.#longest = late;
    this.#last = now;
  }

  /** For how long we have stood still in all, with a stall that has just ended and was not told of. */
  stood(now: number): number {
    const late = now - this.#last - this.#beatMs;
    return late >= STALL_MS ? this.#stood + late : this.#stood;
  }

  /** For how long what is read now may have waited to be, because we did something else or nothing. */
  behind(now: number): number {
    const last = this.#beats[(this.#count + BEATS - 1) % BEATS] ?? 0;
    return Math.max(0, last, now - this.#last - this.#beatMs);
  }

  /** The longest lag of the last one to two windows, however short; with that of now. */
  longest(now: number): number {
    return Math.max(0, this.#longest, this.#longestBefore, now - this.#last - this.#beatMs);
  }

  /** The median lag of the last beats: that of most of them, whatever a single stall was. */
  get usual(): number {
    return Math.max(0, this.#beats.toSorted()[BEATS / 2] ?? 0);
  }

  #turn(now: number): void {
    this.#longestBefore = this.#longest;
    this.#longest = 0;
    this.#windowEnds = now + WINDOW_MS;
  }
}
