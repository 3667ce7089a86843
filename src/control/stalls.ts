// How long the event loop has stood still, added up: who compares two readings knows how late we
// were in between. A timer that comes late tells; most of what is shorter than its beat is not seen.
import { Timer, type Wheel } from "../core/wheel.ts";

const BEAT_MS = 100;
/** A timer of the wheel is late by a tick or two as a rule. */
const USUAL_MS = 20;

/** Beats ten times a second, from `start` to `stop`. */
export class Stalls {
  readonly #wheel: Wheel;
  readonly #now: () => number;
  readonly #beat = new Timer(() => this.#count());
  #due = Number.POSITIVE_INFINITY;
  #total = 0;

  constructor(wheel: Wheel, now: () => number) {
    this.#wheel = wheel;
    this.#now = now;
  }

  start(): void {
    if (this.#due === Number.POSITIVE_INFINITY) this.#arm();
  }

  stop(): void {
    this.#wheel.disarm(this.#beat);
    this.#due = Number.POSITIVE_INFINITY;
  }

  /** Milliseconds since the first start, with those of a stall that has just ended. */
  total(): number {
    return this.#total + this.#late();
  }

  #count(): void {
    this.#total += this.#late();
    this.#arm();
  }

  #arm(): void {
    this.#due = this.#now() + BEAT_MS;
    this.#wheel.armAt(this.#beat, this.#due);
  }

  #late(): number {
    const late = this.#now() - this.#due;
    return late > USUAL_MS ? late : 0;
  }
}
