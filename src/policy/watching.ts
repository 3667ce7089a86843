// Learns how many requests a service can work on at once by watching alone, for `mode: report`, where
// nothing is held back and so nothing can be tried.
//
// What is in flight goes up and down with the load. Of the requests of a few rounds, those beside which few
// were in flight, averaged over their time, are compared with those beside which many were: if times follow
// that number, the knee is below it, and if they do not, above (knee.ts).
//
// It can tell no more than there was to be seen: as long as the service was never full, that the knee is
// above; and while it is full all the time, that it is below. A service that becomes slower for another
// reason while more is in flight looks full for as long as that takes.
import type { Bounds } from "./adaptive.ts";
import { Knee } from "./knee.ts";
import type { Limiter, Sample } from "./slots.ts";

/** Requests that are compared: at least, in rounds, and at most. */
const [LEAST, ROUNDS, MOST] = [64, 8, 4096];
/** The share of them beside which there were the fewest, and the most. */
const PART = 1 / 3;
/** Neighbours in time wait for one another: their times tell less than so many would. */
const ALIKE = 2;
/** Less apart they tell nothing. */
const APART = 1.1;
/** What came by itself is believed less than what was tried. */
const DOUBT = 0.1;
/** The knee may change, by so much (in ln), with a probability per second. */
const [CHANGE, CHANGE_CHANCE] = [0.5, 0.02];
/** More than the knee: as it is, and per CV. */
const [HEADROOM, HEADROOM_CV] = [0.07, 0.3];

interface Seen {
  readonly inFlight: number;
  readonly tookMs: number;
}

/** Of some requests: how many were in flight in the mean, how long they took, and how sure that is. */
interface Part {
  readonly limit: number;
  readonly mean: number;
  readonly count: number;
  readonly cv: number;
}

export class WatchingLimiter implements Limiter {
  readonly settled = true;
  limit: number;
  #bounds: Bounds;
  readonly #knee = new Knee(8);
  #seen: Seen[] = [];
  #sum = 0;
  /** How many are in flight now, and the sum of that over time. */
  #present = 0;
  #area = 0;
  #now = 0;
  #judgedAt: number | undefined;

  /** Until something is known everything would be let through. */
  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.limit = bounds.max;
  }

  get hold(): number {
    return this.limit;
  }

  set bounds(bounds: Bounds) {
    this.#bounds = bounds;
    this.limit = Math.min(bounds.max, Math.max(bounds.min, this.limit));
  }

  /** The stamp is the area so far: what it has grown by is what there was beside a request, and itself. */
  started(now: number): number {
    this.#advance(now);
    this.#present++;
    return this.#area;
  }

  ended(now: number, area: number, sample: Sample | undefined): void {
    this.#advance(now);
    this.#present--;
    if (sample?.ok !== true) return;
    const tookMs = now - sample.sentAt;
    const inFlight = tookMs > 0 ? (this.#area - area) / tookMs : this.#present + 1;
    this.#seen.push({ inFlight, tookMs });
    this.#sum += inFlight;
    const rounds = (ROUNDS * this.#sum) / this.#seen.length;
    if (this.#seen.length >= Math.min(MOST, Math.max(LEAST, rounds))) this.#judge(now);
  }

  tick(): void {}

  #advance(now: number): void {
    this.#area += this.#present * (now - this.#now);
    this.#now = now;
  }

  #judge(now: number): void {
    const seen = this.#seen.toSorted((a, b) => a.inFlight - b.inFlight);
    this.#seen = [];
    this.#sum = 0;
    const size = Math.floor(seen.length * PART);
    const [few, many] = [partOf(seen.slice(0, size)), partOf(seen.slice(-size))];
    const knee = this.#knee;
    const seconds = (now - (this.#judgedAt ?? now)) / 1000;
    this.#judgedAt = now;
    knee.widen(CHANGE, Math.min(1, CHANGE_CHANCE * seconds));
    if (many.limit < few.limit * APART) return;
    const cv = Math.max(few.cv, many.cv, 0.1);
    knee.compare(few, many, cv * ALIKE * Math.sqrt(1 / few.count + 1 / many.count), DOUBT);
    const wanted = knee.quantile(0.5) * (1 + HEADROOM + HEADROOM_CV * few.cv);
    this.limit = Math.min(this.#bounds.max, Math.max(this.#bounds.min, Math.round(wanted)));
  }
}

function partOf(seen: readonly Seen[]): Part {
  const count = seen.length;
  const mean = (of: (one: Seen) => number): number =>
    seen.reduce((sum, one) => sum + of(one), 0) / count;
  const tookMs = mean((one) => one.tookMs);
  const squares = mean((one) => one.tookMs ** 2);
  const cv = Math.min(3, Math.sqrt(Math.max(0, squares / tookMs ** 2 - 1)));
  return { limit: mean((one) => one.inFlight), mean: tookMs, count, cv };
}
