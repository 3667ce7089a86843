// What goes to a client: at once while the kernel takes it, and no more than a little beyond.
import type { Socket } from "node:net";
import { writeBody } from "./encode.ts";
import type { Stalls } from "./stalls.ts";

export class Output {
  readonly #socket: Socket;
  readonly #stalls: Stalls;

  constructor(socket: Socket, stalls: Stalls) {
    this.#socket = socket;
    this.#stalls = stalls;
  }

  /** Sends text of one byte per character; false when the client is to be waited for. */
  sendText(text: string): boolean {
    if (this.#socket.destroyed) return true;
    this.#socket.write(text, "latin1");
    return this.#flows();
  }

  /** Sends a piece of a body that may change afterwards; `chunked` frames it. False as above. */
  sendBody(view: Buffer, chunked: boolean): boolean {
    if (this.#socket.destroyed) return true;
    writeBody(this.#socket, view, chunked);
    return this.#flows();
  }

  /** What is sent until `uncork` leaves in one write. */
  cork(): void {
    this.#socket.cork();
  }

  uncork(): void {
    this.#socket.uncork();
  }

  /** Had the kernel taken everything, the length would be 0 again by now. */
  #flows(): boolean {
    if (this.#socket.writableLength < this.#socket.writableHighWaterMark) return true;
    this.#stalls.writesBlocked();
    return false;
  }
}
