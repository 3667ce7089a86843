// How many to let through before anything is known of a service: an answer may take a millisecond or a minute.
//
//   few have ended    so many as a service is begun with, and one more every few milliseconds in which that is
//                     not enough: whoever answers slowly is not to look like one that cannot do more
//   some have ended   no more. How long do requests take now that so many are in flight, and how long did the
//                     first ones, with few? That says where the knee may lie
//
// How long they take now is what is in flight over what is done in a time (Little, 1961): this holds while
// requests are under way that have slowed down each other. A service that answers soon has not been opened to
// more, and there is nothing to compare.
import { Cohort } from "./cohort.ts";
import type { Measured } from "./knee.ts";

/** So many ends tell something. */
const ENOUGH = 8;
/** An answer within so many milliseconds is soon enough to learn from. */
const SOON_MS = 500;
/** Another request every so many milliseconds: 160 a second. */
const EVERY_MS = 6.25;
/** Of the first so many must have ended. */
const MOSTLY = 0.75;
/** Times vary by so much at least, for all that so few show. */
const LEAST_CV = 0.3;
/** The first are those that began before the limit was reached, so many of them. */
const FIRST = 7;

/** The first requests beside later ones, times in milliseconds; `sigma` is of the logarithm of how much longer these take. */
interface Compared {
  readonly first: Measured;
  readonly later: Measured;
  readonly sigma: number;
}

/** The time before a limiter has anything to learn from. Times are `Clock.now()`, in milliseconds. */
export class ColdStart {
  readonly #first = new Cohort(FIRST);
  /** The sum of how many were in flight when they began. */
  #firstLoad = 0;
  #ended = 0;
  #more = 0;
  #full = false;
  #inFlight = 0;
  #at = 0;
  /** Milliseconds in which no more might be in flight: before enough had ended, and since. */
  #blindMs = 0;
  #laterMs = 0;
  /** Since then, too: what was in flight, times milliseconds, and what ended. */
  #load = 0;
  #done = 0;

  /** A request has begun, and is one of `inFlight`, of `limit` at most. Times in milliseconds. */
  started(now: number, inFlight: number, limit: number): void {
    this.#pass(now);
    this.#inFlight = inFlight;
    this.#full = inFlight >= limit;
  }

  /** One that has begun while more might: its stamp, -1 if it is among the first, else 0. */
  first(now: number, inFlight: number): -1 | 0 {
    if (this.#first.began >= FIRST || this.opened) return 0;
    this.#first.begin(now);
    this.#firstLoad += inFlight;
    return -1;
  }

  /** The one with this stamp has ended; it was sent at `sentAt`, if that is known, and `ok` says that it was answered well. */
  ended(now: number, stamp: number, sentAt: number | undefined, ok: boolean): void {
    this.#pass(now);
    if (stamp === -1) this.#first.end(sentAt);
    if (stamp === -1 && ok && sentAt !== undefined) this.#first.add(now - sentAt);
    if (this.#full && !this.blind) this.#done++;
    this.#ended++;
    this.#inFlight = Math.max(0, this.#inFlight - 1);
    this.#full = false;
  }

  /** Have too few ended to tell anything? */
  get blind(): boolean {
    return this.#ended < ENOUGH;
  }

  /** Has more been let through than at first? */
  get opened(): boolean {
    return this.#more > 0;
  }

  /** How many more than at first are let through, as nothing is known. */
  more(now: number): number {
    this.#pass(now);
    this.#more = Math.max(0, Math.floor((this.#blindMs - SOON_MS) / EVERY_MS));
    return this.#more;
  }

  /** Is all known that is to be known? Then this is over. */
  isOver(now: number): boolean {
    this.#pass(now);
    const { began, ended, count, mean } = this.#first;
    if (this.#done < ENOUGH || ended < MOSTLY * began) return false;
    return count === 0 || this.#laterMs >= mean;
  }

  /** What there is to learn from it; undefined where there is nothing. */
  compared(now: number): Compared | undefined {
    const first = this.#first;
    if (first.count === 0) return undefined;
    first.complete(now);
    const limit = this.#firstLoad / first.began;
    const later = { limit: this.#load / this.#laterMs, mean: this.#load / this.#done };
    const sigma = Math.max(LEAST_CV, first.cv) * Math.sqrt(1 / first.began + 1 / this.#done);
    return { first: { limit, mean: first.mean }, later, sigma };
  }

  #pass(now: number): void {
    const ms = now - this.#at;
    this.#at = now;
    if (!this.#full) return;
    if (this.blind) this.#blindMs += ms;
    else {
      this.#laterMs += ms;
      this.#load += ms * this.#inFlight;
    }
  }
}
