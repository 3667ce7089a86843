// What one route has in flight, and whether it takes far longer than it used to.
//
//   slowness = max(median of late, how long nothing has ended) / norm
//   norm     = the median as it has long been: it takes ten minutes to follow upwards, five seconds down
//   cap      = 2 * the share of the slots that it usually has, from one slot to half of them
//
// A route is capped while it is three times as slow as it was, and three times as slow as that of the
// others which has changed least: a service that is slow altogether is for the limiter to deal with.
// The cap goes at half of that.
import { Median } from "./median.ts";

const SLOW = 3;
const WELL = SLOW / 2;
const UP_MS = 600_000;
const DOWN_MS = 5000;
/** A route that has had nothing in flight for so long is of no account, and what is known of it is old. */
const QUIET_MS = 10_000;

export class RouteLoad {
  /** Requests that hold a slot. */
  held = 0;
  /** The most that may; Infinity while it is not capped. */
  cap = Number.POSITIVE_INFINITY;
  readonly #median = new Median();
  #norm: number | undefined;
  /** Of the slots in use, as it usually is. */
  #share = 0;
  /** When one ended last, or the first of those in flight began. */
  #movedAt = Number.NEGATIVE_INFINITY;
  #answeredAt = Number.NEGATIVE_INFINITY;

  begins(now: number): void {
    if (this.held++ === 0) this.#movedAt = now;
  }

  /** One has ended; no time where there is nothing to be learnt from it. */
  ends(now: number, latencyMs: number | undefined): void {
    this.held--;
    this.#movedAt = now;
    if (latencyMs === undefined) return;
    this.#answeredAt = now;
    this.#median.observe(latencyMs);
  }

  /**
   * The median time of an answer, in milliseconds; undefined while too little is known. What nobody has
   * seen confirmed for a second, or for twice that median, is not believed, or it would never be again.
   */
  usual(now: number): number | undefined {
    const { value } = this.#median;
    const fresh = value !== undefined && now - this.#answeredAt <= Math.max(1000, 2 * value);
    return fresh ? value : undefined;
  }

  /** Is it of any account? */
  isActive(now: number): boolean {
    return this.held > 0 || now - this.#movedAt < QUIET_MS;
  }

  /** How many times as slow as usual it is; undefined while that is not known. */
  slowness(now: number): number | undefined {
    const { value } = this.#median;
    if (value === undefined || this.#norm === undefined) return undefined;
    const still = this.held > 0 ? now - this.#movedAt : 0;
    return Math.max(value, still) / this.#norm;
  }

  /** `sinceMs` have passed, and `inFlight` is what all routes have. */
  learn(now: number, sinceMs: number, inFlight: number): void {
    const { value } = this.#median;
    if (value === undefined) return;
    this.#norm ??= value;
    const way = Math.log(value / this.#norm);
    this.#norm *= Math.exp(way * Math.min(1, sinceMs / (way > 0 ? UP_MS : DOWN_MS)));
    if (inFlight === 0 || (this.slowness(now) ?? 0) > WELL) return;
    this.#share += (this.held / inFlight - this.#share) * Math.min(1, sinceMs / DOWN_MS);
  }

  /** Caps it, or takes its cap away. `least` is the slowness of the other that is least slow. */
  judge(now: number, least: number, limit: number, pressed: boolean): void {
    const slowness = this.slowness(now) ?? 1;
    const capped = this.cap !== Number.POSITIVE_INFINITY;
    const bound = capped ? WELL : SLOW;
    const slow = slowness >= bound && slowness >= bound * least;
    if (!slow || (!capped && !pressed)) this.cap = Number.POSITIVE_INFINITY;
    else
      this.cap = Math.max(1, Math.min(Math.ceil(2 * this.#share * limit), Math.floor(limit / 2)));
  }
}

/** What all routes have in flight together, and what has happened since they were judged last. */
export interface Slots {
  readonly sinceMs: number;
  readonly inFlight: number;
  readonly limit: number;
  /** Has somebody been waiting all that time? */
  readonly pressed: boolean;
}

/** The routes of one cluster that have had requests lately. */
export class RouteLoads {
  readonly #active = new Set<RouteLoad>();

  add(route: RouteLoad): void {
    this.#active.add(route);
  }

  /** Caps those that are slow, and takes caps away. */
  judge(now: number, { sinceMs, inFlight, limit, pressed }: Slots): void {
    let least = Number.POSITIVE_INFINITY;
    let second = Number.POSITIVE_INFINITY;
    for (const route of this.#active) {
      if (!route.isActive(now)) this.#active.delete(route);
      route.learn(now, sinceMs, inFlight);
      const slowness = route.slowness(now) ?? Number.POSITIVE_INFINITY;
      second = Math.min(second, Math.max(least, slowness));
      least = Math.min(least, slowness);
    }
    for (const route of this.#active) {
      const others = route.slowness(now) === least ? second : least;
      route.judge(now, others, limit, pressed);
    }
  }
}
