// What goes to a client, and whether it takes it.
import type { Socket } from "node:net";
import { Outbox } from "./outbox.ts";
import type { Stalls } from "./stalls.ts";

export class Output {
  readonly #socket: Socket;
  readonly #outbox: Outbox;
  readonly #stalls: Stalls;

  constructor(socket: Socket, stalls: Stalls) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    this.#stalls = stalls;
  }

  /** Sends text of one byte per character; false when the client is to be waited for. */
  sendText(text: string): boolean {
    if (this.#socket.destroyed) return true;
    this.#outbox.sendText(text);
    return this.#flows();
  }

  /** Sends a piece of a body that may change afterwards; `chunked` frames it. False as above. */
  sendBody(view: Buffer, chunked: boolean): boolean {
    if (this.#socket.destroyed) return true;
    this.#outbox.sendBytes(view, chunked);
    return this.#flows();
  }

  /** Sends at once what waits for the end of the turn. */
  flush(): void {
    this.#outbox.flush();
  }

  #flows(): boolean {
    if (this.#outbox.flows) return true;
    this.#stalls.writesBlocked();
    return false;
  }
}
