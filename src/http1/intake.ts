// Reading from a client, and what has to be looked after while nothing is read.
import type { Socket } from "node:net";
import { Timer, type Wheel } from "../core/wheel.ts";
import type { ReadBuffer } from "./readbuffer.ts";
import { isReset } from "./socket.ts";

/** How often it is asked, while nothing is read, whether the client is still there. */
const LOOK_MS = 80;

export class Intake {
  readonly #socket: Socket;
  readonly #reads: ReadBuffer;
  readonly #wheel: Wheel;
  readonly #patienceMs: number;
  readonly #onBlocked: () => void;
  #paused = false;
  // Most connections are never paused.
  #blocked: Timer | undefined;
  #presence: Timer | undefined;

  /** `onBlocked` hears of a body that has waited for `patienceMs`, and that nobody takes. */
  constructor(
    [socket, reads]: readonly [Socket, ReadBuffer],
    wheel: Wheel,
    patienceMs: number,
    onBlocked: () => void,
  ) {
    this.#socket = socket;
    this.#reads = reads;
    this.#wheel = wheel;
    this.#patienceMs = patienceMs;
    this.#onBlocked = onBlocked;
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
      this.#blocked ??= new Timer(this.#onBlocked);
      this.#wheel.arm(this.#blocked, this.#patienceMs);
    }
    this.#reads.rest();
    this.#socket.pause();
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
