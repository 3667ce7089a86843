// The time of one try.
import type { Lag } from "../core/lag.ts";

/** Times are `Clock.now()` milliseconds. */
export class Span {
  readonly begun: number;
  /** When the response head must be here; Infinity for never. */
  readonly until: number;
  readonly #lag: Lag;
  /** How long this process had stood still when it began. */
  readonly #stood: number;

  constructor(begun: number, until: number, lag: Lag) {
    this.begun = begun;
    this.until = until;
    this.#lag = lag;
    this.#stood = lag.stood(begun);
  }

  /** When it would have begun if this process had not stood still since then. */
  awake(now: number): number {
    return this.begun + this.#lag.stood(now) - this.#stood;
  }

  /** Is this process late itself? */
  get late(): boolean {
    return this.#lag.late;
  }

  /**
   * How long the endpoint has taken by `now`: less the time in which this process stood still, and from
   * `bodySentAt` on if the client took its time to send the body. A slow client makes no endpoint slow.
   */
  took(now: number, bodySentAt: number): number {
    const begun = Math.max(this.begun, bodySentAt);
    return Math.max(0, now - begun - (this.#lag.stood(now) - this.#stood));
  }
}
