// How many requests a cluster may work on at once: the interface of whoever knows, and the one who was told.

/** An answer, as a limiter learns from it. Times in `Clock.now()` milliseconds. */
export interface Sample {
  /** When the request went to the endpoint that answered. */
  readonly sentAt: number;
  /** How many were in flight then, this one included. */
  readonly inFlightAtSend: number;
  /** Until the head of the response. */
  readonly latencyMs: number;
  readonly ok: boolean;
}

export interface Limiter {
  /** The most requests in flight now: a whole number, at least 1. */
  readonly limit: number;
  /** The same without the tests that it makes. */
  readonly hold: number;
  /** A request has begun, and is one of `inFlight`. */
  started(now: number, inFlight: number): void;
  /** It has ended and is not one of `inFlight` any more; no sample where nothing was to be learnt from it. */
  ended(now: number, sample: Sample | undefined, inFlight: number): void;
  /** Time has passed. */
  tick(now: number, inFlight: number, waiting: number): void;
}

/** A number from the config. */
export class FixedLimit implements Limiter {
  readonly limit: number;
  readonly hold: number;

  /** `limit` is a whole number, at least 1. */
  constructor(limit: number) {
    this.limit = limit;
    this.hold = limit;
  }

  started(): void {}
  ended(): void {}
  tick(): void {}
}
