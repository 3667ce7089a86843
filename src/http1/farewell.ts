// The end of a client's connection: what is left is sent, then the client may close first, so that it reads
// what it was sent. A close over bytes that nobody has read would be a reset, and might take the answer along.
import type { Socket } from "node:net";
import type { Timer, Wheel } from "../core/wheel.ts";
import type { Stalls } from "./stalls.ts";

/** How much is read and thrown away meanwhile, and for how long. */
const LINGER_BYTES = 64 * 1024;
const LINGER_MS = 1000;

export class Farewell {
  readonly #socket: Socket;
  #discarded = 0;

  /** Begins at once; `timer` fires when the client has had its time. */
  constructor(socket: Socket, wheel: Wheel, timer: Timer, stalls: Stalls) {
    this.#socket = socket;
    if (socket.writableLength > 0) stalls.writesBlocked();
    socket.end(() => {
      if (!socket.destroyed) wheel.arm(timer, LINGER_MS);
    });
  }

  discard(view: Buffer): void {
    this.#discarded += view.length;
    if (this.#discarded >= LINGER_BYTES) this.#socket.pause();
  }
}
