// One request and its response on a server connection.
import type {
  BodySink,
  Exchange,
  ExchangeListener,
  Malformed,
  Peer,
  ReplyHead,
  RequestHead,
} from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import type { BodyTarget } from "./body.ts";
import { chunkOf, lastChunk } from "./encode.ts";
import type { Output } from "./output.ts";
import { safeTrailers } from "./trailers.ts";

/** What an exchange asks of its connection. */
export interface Wire {
  readonly output: Pick<Output, "sendText" | "sendBody">;
  pauseReading(): void;
  resumeReading(): void;
  /**
   * The response is complete; `close` when no other may follow. Called inside `serve`, whose grant and
   * connection are still taken: nothing may begin in it.
   */
  finished(close: boolean): void;
  /** The request is over on our side, too: what was sent ahead may begin. */
  settled(): void;
  /** The connection carries no HTTP any more. */
  tunnelled(): void;
  /** Cuts the connection. */
  cut(): void;
  armDeadline(at: number): void;
  /** Must the connection be closed after this response, whatever the response says? */
  readonly closing: boolean;
}

/** A body up to this size is kept, so that the request can be sent once more. */
const REPLAY_BYTES = 64 * 1024;

/** Most requests have no body: they share this one, which stays empty. */
const NOTHING: Buffer[] = [];
const OK_LINE = "HTTP/1.1 200 OK\r\n";

export class ServerExchange implements Exchange, BodyTarget {
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
  readonly #wire: Wire;
  readonly #keepAlive: boolean;
  #sink: BodySink | undefined;
  /** What has come of the body, as long as all of it is kept. */
  #kept: Buffer[] | undefined = NOTHING;
  #trailers: Fields | undefined;
  #chunked = false;
  #close = false;
  #untilClose = false;
  /** The connection is free for the next request, or on its way to its end. */
  #over = false;
  #continued = false;

  constructor(wire: Wire, request: RequestHead, peer: Peer, startedAt: number, keepAlive: boolean) {
    this.#keepAlive = keepAlive;
    this.#wire = wire;
    this.request = request;
    this.peer = peer;
    this.startedAt = startedAt;
    const { framing } = request;
    this.bodyWhole = framing.kind === "none" || (framing.kind === "length" && framing.bytes === 0);
  }

  get bodyKept(): boolean {
    return this.#kept !== undefined;
  }

  deadline(at: number): void {
    this.#wire.armDeadline(at);
  }

  // The request body.

  onBody(view: Buffer): void {
    this.bytesIn += view.length;
    if (this.#sink === undefined && this.answered) return;
    const full = this.bytesIn > REPLAY_BYTES;
    if (this.#sink === undefined) {
      this.#keep(view);
      if (full) this.#wire.pauseReading();
      return;
    }
    if (full) this.#kept = undefined;
    else if (this.#kept !== undefined) this.#keep(view);
    if (!this.#sink.write(view)) this.#wire.pauseReading();
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
    else this.#wire.resumeReading();
    return this.bodyWhole;
  }

  dropBody(): void {
    this.#sink = undefined;
  }

  resumeBody(): void {
    this.#wire.resumeReading();
  }

  // The response.

  interim(status: number, phrase: string, fields: string): void {
    if (this.request.protocol === "HTTP/1.0" || this.answered || this.gone) return;
    // One 100 is enough: the endpoint's own may follow one that we sent in its place.
    if (status === 100 && this.#continued) return;
    if (status === 100) this.#continued = true;
    this.#wire.output.sendText(`HTTP/1.1 ${status} ${phrase}\r\n${fields}\r\n`);
  }

  askForBody(): void {
    if (this.request.expectContinue && this.bytesIn === 0) this.interim(100, "Continue", "");
  }

  respond(reply: ReplyHead, body: string, trailers: string): void {
    const head = this.#head(reply);
    this.bytesOut += body.length;
    const text = this.#chunked ? chunkOf(body) + lastChunk(trailers) : body;
    this.#wire.output.sendText(head + text);
    this.#finish();
  }

  begin(reply: ReplyHead, first: string): boolean {
    const head = this.#head(reply);
    this.request = shortened(this.request);
    this.bytesOut += first.length;
    return this.#wire.output.sendText(head + (this.#chunked ? chunkOf(first) : first));
  }

  write(view: Buffer): boolean {
    this.bytesOut += view.length;
    return this.#wire.output.sendBody(view, this.#chunked);
  }

  end(trailers: string): void {
    if (this.#chunked) this.#wire.output.sendText(lastChunk(trailers));
    this.#finish();
  }

  truncate(): void {
    if (this.#over) return;
    this.#over = true;
    // Where only the end of the connection ends the body, an orderly end would look like its end.
    if (this.#untilClose) this.#wire.cut();
    else this.#wire.finished(true);
  }

  settled(): void {
    if (!this.#over && !this.gone) this.truncate();
    this.#wire.settled();
  }

  tunnel(reply: ReplyHead, protocol: string, sink: BodySink): void {
    this.answered = true;
    this.#close = true;
    this.#kept = undefined;
    this.request = shortened(this.request);
    this.#sink = sink;
    this.bodyWhole = false;
    const fields = `${reply.fields}connection: upgrade\r\nupgrade: ${protocol}\r\n`;
    this.#wire.output.sendText(`HTTP/1.1 ${reply.status} ${reply.phrase}\r\n${fields}\r\n`);
    this.#wire.tunnelled();
  }

  #head(reply: ReplyHead): string {
    const old = this.request.protocol === "HTTP/1.0";
    const unknown = reply.framing.kind === "chunked" || reply.framing.kind === "close";
    this.answered = true;
    this.#chunked = unknown && !old;
    this.#untilClose = unknown && old;
    const persistent = this.#keepAlive && this.bodyWhole && !this.#wire.closing;
    this.#close = reply.close || !persistent || this.#untilClose;
    const { status, phrase, fields } = reply;
    let text = status === 200 && phrase === "OK" ? OK_LINE : `HTTP/1.1 ${status} ${phrase}\r\n`;
    text += fields;
    if (this.#chunked) text += "transfer-encoding: chunked\r\n";
    if (this.#close) text += "connection: close\r\n";
    else if (old) text += "connection: keep-alive\r\n";
    return `${text}\r\n`;
  }

  #finish(): void {
    this.#over = true;
    this.#wire.finished(this.#close || !this.bodyWhole);
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
