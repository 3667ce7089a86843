// Reading from a client, and what has to be looked after while nothing is read.
import { Timer, type Wheel } from "../core/wheel.ts";
import type { Owned } from "./owned.ts";
import { isReset } from "./socket.ts";

/** Requests that arrive ahead wait, in bytes, before reading stops. */
export const AHEAD_BYTES = 16 * 1024;
/** How often it is asked, while nothing is read, whether the client is still there. */
const LOOK_MS = 80;

/** Whose connection it is. */
interface Reader {
  /** A body has waited for long, and nobody takes it. */
  onBodyBlocked(): void;
  /** Hears what that has thrown. */
  onBug(error: unknown): void;
}

export class Intake {
  readonly #socket: Owned;
  readonly #wheel: Wheel;
  readonly #patienceMs: number;
  readonly #reader: Reader;
  #paused = false;
  // Most connections are never paused.
  #blocked: Timer | undefined;
  #presence: Timer | undefined;

  /** A body that nobody takes may wait for `patienceMs`. */
  constructor(socket: Owned, wheel: Wheel, patienceMs: number, reader: Reader) {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#patienceMs = patienceMs;
    this.#reader = reader;
  }

  /**
   * Reads nothing for a while. We do not learn meanwhile that the client leaves, so we look. With a body that
   * is not `whole`, whoever is to take it must go on some time.
   */
  pause(whole: boolean): void {
    this.#paused = true;
    this.#presence ??= new Timer(() => this.#look());
    this.#wheel.arm(this.#presence, LOOK_MS);
    if (!whole) {
      this.#blocked ??= new Timer(() => this.#reader.onBodyBlocked(), this.#reader);
      this.#wheel.arm(this.#blocked, this.#patienceMs);
    }
    this.#socket.rest();
  }

  /** Reads on; false when it does already. */
  resume(): boolean {
    if (!this.#paused) return false;
    this.#paused = false;
    if (this.#presence !== undefined) this.#wheel.rest(this.#presence);
    if (this.#blocked !== undefined) this.#wheel.rest(this.#blocked);
    this.#socket.resume();
    return true;
  }

  /** The connection is over. */
  stop(): void {
    if (this.#presence !== undefined) this.#wheel.disarm(this.#presence);
    if (this.#blocked !== undefined) this.#wheel.disarm(this.#blocked);
  }

  #look(): void {
    if (isReset(this.#socket)) this.#socket.destroy();
    else if (this.#presence !== undefined) this.#wheel.arm(this.#presence, LOOK_MS);
  }
}
