// How many requests a cluster may work on at once: the interface of whoever knows, and the one who was told.

/** An answer, as a limiter learns from it. Times in `Clock.now()` milliseconds. */
export interface Sample {
  /** When the request went to the endpoint that answered; later by what we have stood still ourselves. */
  readonly sentAt: number;
  /** Until the head of the response. */
  readonly latencyMs: number;
  readonly ok: boolean;
}

export interface Limiter {
  /** The most requests in flight now: a whole number, at least 1. */
  readonly limit: number;
  /** The same without the tests that it makes. */
  readonly hold: number;
  /** Is it known by now, or only begun with? Until then what comes is to wait rather than to be refused. */
  readonly settled: boolean;
  /** A request has begun, and is one of `inFlight`. The stamp is given back when it ends. */
  started(now: number, inFlight: number): number;
  /** It has ended, and is not in flight any more; no sample where nothing was to be learnt from it. */
  ended(now: number, stamp: number, sample: Sample | undefined): void;
  /** Time has passed: to be called every 10 ms or so while something is in flight. */
  tick(now: number): void;
}

/** A number from the config. */
export class FixedLimit implements Limiter {
  readonly limit: number;
  readonly hold: number;
  readonly settled = true;

  /** `limit` is a whole number, at least 1. */
  constructor(limit: number) {
    this.limit = limit;
    this.hold = limit;
  }

  started(): number {
    return 0;
  }

  ended(): void {}
  tick(): void {}
}
