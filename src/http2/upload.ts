// The body of a request on its way to an endpoint. It may come before there is a stream to carry it.
import type { Writable } from "node:stream";

export class Upload {
  /** Does the endpoint take less than there is, or can it take nothing yet? */
  blocked = false;
  /** Lines, each ended by CRLF. */
  trailers = "";
  #stream: Writable | undefined;
  #unsent: Buffer[] = [];
  #sent = false;
  #dropped = false;

  /** Is all of it here, and does it end without trailers? */
  get complete(): boolean {
    return this.#sent && this.trailers === "";
  }

  /** What has come goes on to `stream`; true when there was some that was held back, and more is taken now. */
  begin(stream: Writable): boolean {
    const heldBack = this.blocked;
    this.#stream = stream;
    this.blocked = false;
    for (const piece of this.#unsent.splice(0)) this.blocked = !stream.write(piece);
    if (this.#sent) stream.end();
    return heldBack && !this.blocked;
  }

  /** Takes a copy of `view`; false when it is more than is taken now. */
  write(view: Buffer): boolean {
    const stream = this.#stream;
    if (this.#dropped || stream?.writableEnded === true) return true;
    const copy = Buffer.from(view);
    if (stream === undefined) this.#unsent.push(copy);
    this.blocked = stream === undefined || !stream.write(copy);
    return !this.blocked;
  }

  end(trailers: string): void {
    this.#sent = true;
    this.trailers = trailers;
    this.#stream?.end();
  }

  /** Nobody wants it any more. */
  drop(): void {
    this.#dropped = true;
    this.#unsent = [];
  }
}
