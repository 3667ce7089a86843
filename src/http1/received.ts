// The request of an exchange, as far as it is the same in every protocol: its body is kept while nobody takes
// it, sent on, and kept further as long as it is small enough to be sent once more.
import type { BodySink, ExchangeListener, Malformed, Peer, RequestHead } from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import type { BodyTarget } from "./body.ts";
import { safeTrailers } from "./trailers.ts";

/** A body up to this size is kept, so that the request can be sent once more. */
const REPLAY_BYTES = 64 * 1024;

/** Most requests have no body: they share this one, which stays empty. */
const NOTHING: Buffer[] = [];

export abstract class ReceivedRequest implements BodyTarget {
  request: RequestHead;
  readonly peer: Peer;
  readonly startedAt: number;
  listener: ExchangeListener | undefined;
  gone = false;
  answered = false;
  wrong: Malformed | undefined;
  bodyWhole: boolean;
  bytesIn = 0;
  bytesOut = 0;
  #sink: BodySink | undefined;
  /** What has come of the body, as long as all of it is kept. */
  #kept: Buffer[] | undefined = NOTHING;
  #trailers: Fields | undefined;

  constructor(request: RequestHead, peer: Peer, startedAt: number) {
    this.request = request;
    this.peer = peer;
    this.startedAt = startedAt;
    const { framing } = request;
    this.bodyWhole = framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0);
  }

  /** Reads no more of the body for now. */
  protected abstract pauseReading(): void;
  /** Reads on. */
  protected abstract resumeReading(): void;

  get bodyKept(): boolean {
    return this.#kept !== undefined;
  }

  onBody(view: Buffer): void {
    this.bytesIn += view.length;
    if (this.#sink === undefined && this.answered) return;
    const full = this.bytesIn > REPLAY_BYTES;
    if (this.#sink === undefined) {
      this.#keep(view);
      if (full) this.pauseReading();
      return;
    }
    if (full) this.#kept = undefined;
    else if (this.#kept !== undefined) this.#keep(view);
    if (!this.#sink.write(view)) this.pauseReading();
  }

  #keep(view: Buffer): void {
    const copy = Buffer.from(view);
    if (this.#kept === NOTHING) this.#kept = [copy];
    else this.#kept?.push(copy);
  }

  onBodyEnd(trailers: Fields | undefined): void {
    this.bodyWhole = true;
    this.#trailers = trailers;
    this.#sink?.end(safeTrailers(trailers, this.request.nominated));
  }

  sendBody(sink: BodySink): boolean {
    this.#sink = sink;
    for (const piece of this.#kept ?? []) sink.write(piece);
    if (this.bytesIn > REPLAY_BYTES) this.#kept = undefined;
    if (this.bodyWhole) sink.end(safeTrailers(this.#trailers, this.request.nominated));
    else this.resumeReading();
    return this.bodyWhole;
  }

  dropBody(): void {
    this.#sink = undefined;
  }

  resumeBody(): void {
    this.resumeReading();
  }

  /** A response has begun that may take long: what only an attempt needs of the head is let go. */
  protected shorten(): void {
    this.request = shortened(this.request);
  }

  /** What comes from now on are bytes of a tunnel, for `sink`. */
  protected openTunnel(sink: BodySink): void {
    this.answered = true;
    this.#kept = undefined;
    this.shorten();
    this.#sink = sink;
    this.bodyWhole = false;
  }
}

/** A head whose text is longer than this is not held for as long as its response takes. */
const LONG_HEAD = 1024;
const NO_FIELDS = new Fields();

/** What the log and the trailers want of a head. Its strings are cut from the head's text, and would keep all of it. */
function shortened(request: RequestHead): RequestHead {
  if (request.fields.text.length < LONG_HEAD) return request;
  const host = copyOf(request.host);
  const target = copyOf(request.target);
  const nominated = request.nominated.map(copyOf);
  return { ...request, host, target, nominated, authority: "", fields: NO_FIELDS };
}

function copyOf(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}
