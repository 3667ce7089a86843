// Watches that bytes move: so many in each window, or somebody is told.
import { Timer, type Wheel } from "../core/wheel.ts";

/** What counts as moving. */
export interface Pace {
  /** Milliseconds of one window. */
  readonly windowMs: number;
  /** Bytes that must have moved in it. */
  readonly bytes: number;
}

/** The pace of so many bytes per second on average; 0 asks for one byte in each window. */
export function paceOf(bytesPerSecond: number, windowMs: number): Pace {
  return { windowMs, bytes: Math.max(1, (bytesPerSecond * windowMs) / 1000) };
}

/** Two of these watch a body each way, one a tunnel. */
export class Watch {
  readonly #timer: Timer;
  readonly #wheel: Wheel;
  readonly #pace: Pace;
  readonly #moved: () => number;
  readonly #onSlow: () => void;
  #before = 0;

  /** `moved` tells how many bytes have moved since the beginning. */
  constructor(wheel: Wheel, pace: Pace, moved: () => number, onSlow: () => void) {
    this.#wheel = wheel;
    this.#pace = pace;
    this.#moved = moved;
    this.#onSlow = onSlow;
    this.#timer = new Timer(() => this.#judge());
  }

  get running(): boolean {
    return this.#timer.deadline < Number.POSITIVE_INFINITY;
  }

  /** Begins a window now. */
  start(): void {
    this.#before = this.#moved();
    this.#wheel.arm(this.#timer, this.#pace.windowMs);
  }

  stop(): void {
    this.#wheel.disarm(this.#timer);
  }

  #judge(): void {
    if (this.#moved() - this.#before < this.#pace.bytes) this.#onSlow();
    else this.start();
  }
}
