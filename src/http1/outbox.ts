// What goes out on a socket. Small things wait for the end of the turn of the event loop: when its reads
// are done, each socket gets one write. So a head and its body, or the answers to pipelined requests,
// leave together; and whoever reads at the other end is woken once for many requests, not once for each.
//
//   read, read, read -> decide -> kept as text -> write, write, write
import type { Socket } from "node:net";
import { chunkHead, chunkOf } from "./encode.ts";
import { borrow, giveBack } from "./readbuffer.ts";

/** What is kept as text at most; longer bodies go as buffers. */
const TEXT_BYTES = 16 * 1024;

/** So many wait at most: those that were first do not wait for all reads of a long turn. */
const MOST_WAITING = 32;

let waiting: Outbox[] = [];
let writing: Outbox[] = [];
let armed = false;

function flushAtTurnEnd(outbox: Outbox): void {
  waiting.push(outbox);
  if (waiting.length >= MOST_WAITING) return flushAll();
  if (armed) return;
  armed = true;
  setImmediate(turnEnds);
}

function turnEnds(): void {
  armed = false;
  flushAll();
}

function flushAll(): void {
  const now = waiting;
  waiting = writing;
  writing = now;
  for (let i = 0; i < now.length; i++) (now[i] as Outbox).turnEnds();
  now.length = 0;
}

export class Outbox {
  readonly #socket: Socket;
  #text = "";
  /** Is it among those that wait for the end of the turn? */
  #waits = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** Has the kernel, by and large, taken what was sent? What waits for the end of the turn is little. */
  get flows(): boolean {
    return this.#socket.writableLength < this.#socket.writableHighWaterMark;
  }

  /** Sends text of one byte per character. */
  sendText(text: string): void {
    this.#text += text;
    if (this.#text.length >= TEXT_BYTES) return this.flush();
    if (this.#waits) return;
    this.#waits = true;
    flushAtTurnEnd(this);
  }

  /** Sends bytes that may change once this has returned; `chunked` makes them a chunk. */
  sendBytes(view: Buffer, chunked: boolean): void {
    if (view.length < TEXT_BYTES) {
      const text = view.toString("latin1");
      return this.sendText(chunked ? chunkOf(text) : text);
    }
    const socket = this.#socket;
    const bytes = borrow(view);
    socket.cork();
    if (chunked) this.#text += chunkHead(view.length);
    this.flush();
    socket.write(bytes, () => giveBack(bytes));
    if (chunked) socket.write("\r\n", "latin1");
    socket.uncork();
  }

  turnEnds(): void {
    this.#waits = false;
    this.flush();
  }

  /** Sends at once what waits. */
  flush(): void {
    const text = this.#text;
    if (text === "") return;
    this.#text = "";
    if (!this.#socket.destroyed) this.#socket.write(text, "latin1");
  }
}
