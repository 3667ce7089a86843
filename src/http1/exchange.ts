// One request and its response on a server connection.
import type { BodySink, Exchange, Peer, ReplyHead, RequestHead } from "../core/exchange.ts";
import { chunkOf, lastChunk } from "./encode.ts";
import type { Output } from "./output.ts";
import { ReceivedRequest } from "./received.ts";

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

const OK_LINE = "HTTP/1.1 200 OK\r\n";

export class ServerExchange extends ReceivedRequest implements Exchange {
  readonly #wire: Wire;
  readonly #keepAlive: boolean;
  #chunked = false;
  #close = false;
  #untilClose = false;
  /** The connection is free for the next request, or on its way to its end. */
  #over = false;
  #continued = false;

  constructor(wire: Wire, request: RequestHead, peer: Peer, startedAt: number, keepAlive: boolean) {
    super(request, peer, startedAt);
    this.#keepAlive = keepAlive;
    this.#wire = wire;
  }

  deadline(at: number): void {
    this.#wire.armDeadline(at);
  }

  protected override pauseReading(): void {
    this.#wire.pauseReading();
  }

  protected override resumeReading(): void {
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
    this.shorten();
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
    this.#close = true;
    this.openTunnel(sink);
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
