// One request and its response on a stream of an HTTP/2 connection.
import type { ServerHttp2Stream } from "node:http2";
import type { BodySink, Exchange, Peer, ReplyHead, RequestHead } from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import { Timer } from "../core/wheel.ts";
import { malformed, SLOW_BODY } from "../http1/lines.ts";
import { borrow, giveBack } from "../http1/readbuffer.ts";
import { ReceivedRequest } from "../http1/received.ts";
import { INTERNAL_ERROR, NO_ERROR, PROTOCOL_ERROR } from "./codes.ts";
import { addRaw, headersOf, pushRaw } from "./fields.ts";
import { closeBehind, resetStream } from "./reset.ts";
import type { StreamSettings } from "./settings.ts";
import { StreamStalls } from "./stalls.ts";
import {
  type CarryingStream,
  carry,
  hearBody,
  hearDrain,
  hearWantTrailers,
  type StreamEvents,
} from "./stream.ts";

/** What an exchange asks of its connection. */
export interface StreamOwner {
  readonly settings: Pick<StreamSettings, "wheel" | "limits" | "http2">;
  /** Bytes of bodies have gone either way, and so many pieces of them have come. */
  moved(bytes: number, pieces: number): void;
  /** Nobody works on the request any more. */
  settled(): void;
  /** The stream has ended before its response was whole; `code` is of RFC 9113 7. */
  reset(exchange: StreamExchange, code: number): void;
  /** The client is to give up the connection. */
  drain(): void;
  onBug(error: unknown): void;
}

const LARGE_BODY = malformed("body_too_large", "body above the limit");
const BAD_TRAILER = malformed("bad_request", "a trailer could not stand in a line of its own");

export class StreamExchange extends ReceivedRequest implements Exchange, StreamEvents {
  readonly #stream: CarryingStream;
  readonly #owner: StreamOwner;
  readonly #extended: boolean;
  #timer: Timer | undefined;
  #stalls: StreamStalls | undefined;
  /** Trailers of the request. */
  #came: Fields | undefined;
  /** Trailers of the response, while the last byte of the body is on its way. */
  #trailers: string | undefined;
  /** Is the response whole, or cut off? */
  #over = false;
  #continued = false;
  #drains = false;
  #tunnels = false;

  /** `extended`: it was CONNECT that asked for an upgrade. */
  constructor(
    stream: ServerHttp2Stream,
    owner: StreamOwner,
    head: { readonly request: RequestHead; readonly extended: boolean },
    peer: Peer,
    startedAt: number,
  ) {
    super(head.request, peer, startedAt);
    this.#extended = head.extended;
    this.#stream = stream;
    this.#owner = owner;
    carry(stream, this);
    // Node resets one that nobody reads when all was written, even where its end waits for the client's window.
    if (!head.extended && stream.endAfterHeaders) stream.resume();
    else if (!head.extended) this.#read();
  }

  #read(): void {
    hearBody(this.#stream);
    this.#watch.bodyComes();
  }

  get #watch(): StreamStalls {
    this.#stalls ??= new StreamStalls(this.#owner.settings, this);
    return this.#stalls;
  }

  deadline(at: number): void {
    const { wheel } = this.#owner.settings;
    if (at < Number.POSITIVE_INFINITY) {
      if (this.gone) return;
      this.#timer ??= new Timer(() => this.listener?.onDeadline(wheel.time), this.#owner);
      wheel.armAt(this.#timer, at);
    } else if (this.#timer !== undefined) wheel.rest(this.#timer);
  }

  // What the stream says.

  onData(view: Buffer): void {
    this.#owner.moved(view.length, 1);
    if (this.wrong !== undefined) return;
    const { bodyBytes } = this.#owner.settings.limits;
    const large = bodyBytes > 0 && this.bytesIn + view.length > bodyBytes;
    if (large && !this.#tunnels) return this.#bodyWrong(LARGE_BODY);
    this.onBody(view);
  }

  onTrailers(raw: readonly string[]): void {
    const fields = new Fields();
    if (!addRaw(fields, raw)) return this.#bodyWrong(BAD_TRAILER);
    this.#came = fields;
  }

  onEnd(): void {
    this.#stalls?.bodyRests();
    if (this.gone || this.wrong !== undefined) return;
    this.onBodyEnd(this.#came);
  }

  onSlowBody(): void {
    this.#bodyWrong(SLOW_BODY);
  }

  onBodyBlocked(): void {
    this.listener?.onBodyBlocked();
  }

  onStalledClient(): void {
    resetStream(this.#stream, INTERNAL_ERROR);
  }

  onBug(error: unknown): void {
    this.#owner.onBug(error);
  }

  get moved(): { readonly read: number; readonly written: number } {
    return { read: this.bytesIn, written: this.bytesOut - this.#stream.writableLength };
  }

  #bodyWrong(wrong: NonNullable<StreamExchange["wrong"]>): void {
    if (this.wrong !== undefined || this.bodyWhole) return;
    this.wrong = wrong;
    this.#stalls?.bodyRests();
    this.listener?.onGone();
  }

  /** The client has reset the stream, or it has ended by itself. */
  onClosed(): void {
    this.#stop();
    if (this.gone) return;
    this.gone = true;
    if (this.#over) return;
    this.#owner.reset(this, this.#stream.rstCode ?? NO_ERROR);
    this.listener?.onGone();
  }

  onDrain(): void {
    this.#stalls?.writesDrained();
    this.listener?.onResponseDrain();
  }

  onWantTrailers(): void {
    const raw: string[] = [];
    pushRaw(raw, this.#trailers ?? "");
    this.#stream.sendTrailers(headersOf(raw));
  }

  protected override pauseReading(): void {
    if (this.#stream.isPaused()) return;
    this.#watch.bodyWaits();
    // So much may come, and be no flood, before Node hands it over.
    this.#owner.moved(this.#owner.settings.http2.streamWindow, 0);
    this.#stream.pause();
  }

  protected override resumeReading(): void {
    if (!this.#stream.isPaused() || this.gone) return;
    this.#watch.bodyComes();
    this.#stream.resume();
  }

  // The response.

  get #closed(): boolean {
    return this.#stream.destroyed || this.#stream.closed;
  }

  interim(status: number, _phrase: string, fields: string): void {
    if (this.answered || this.#closed) return;
    // One 100 is enough: the endpoint's own may follow one that we sent in its place.
    if (status === 100 && this.#continued) return;
    if (status === 100) this.#continued = true;
    const raw: string[] = [];
    pushRaw(raw, fields);
    this.#stream.additionalHeaders({ ...headersOf(raw), ":status": status });
  }

  askForBody(): void {
    if (this.request.expectContinue && this.bytesIn === 0) this.interim(100, "Continue", "");
  }

  respond(reply: ReplyHead, body: string, trailers: string): void {
    const raw = this.#head(reply);
    this.#count(body.length);
    if (this.#closed) return this.#finish(reply);
    const stream = this.#stream;
    if (trailers !== "") {
      this.#trailers = trailers;
      hearWantTrailers(stream);
      stream.respond(raw, WITH_TRAILERS);
    } else if (body === "") stream.respond(raw, WITHOUT_BODY);
    else stream.respond(raw);
    if (body !== "") stream.end(body, "latin1");
    else if (trailers !== "") stream.end();
    this.#finish(reply);
  }

  begin(reply: ReplyHead, first: string): boolean {
    const raw = this.#head(reply);
    const trailing = this.request.trailers && reply.framing.kind === "chunked";
    this.shorten();
    if (this.#closed) return true;
    if (trailing) {
      this.#trailers = "";
      hearWantTrailers(this.#stream);
      this.#stream.respond(raw, WITH_TRAILERS);
    } else this.#stream.respond(raw);
    return first === "" || this.write(Buffer.from(first, "latin1"));
  }

  write(view: Buffer): boolean {
    if (this.#closed) return true;
    this.#count(view.length);
    const bytes = borrow(view);
    const flows =
      bytes === view ? this.#stream.write(bytes, () => giveBack(bytes)) : this.#stream.write(bytes);
    if (flows) return true;
    if (!this.#drains) hearDrain(this.#stream);
    this.#drains = true;
    this.#watch.writesBlocked();
    return false;
  }

  end(trailers: string): void {
    if (this.#trailers !== undefined) this.#trailers = trailers;
    if (!this.#closed) this.#stream.end();
    this.#finish(undefined);
  }

  truncate(): void {
    if (this.#over) return;
    this.#over = true;
    resetStream(this.#stream, INTERNAL_ERROR);
  }

  settled(): void {
    if (!this.#over && !this.gone) this.truncate();
    if (this.#timer !== undefined) this.#owner.settings.wheel.disarm(this.#timer);
    this.#owner.settled();
  }

  tunnel(reply: ReplyHead, _protocol: string, sink: BodySink): void {
    const raw = this.#head({ ...reply, status: 200 }, OF_HANDSHAKE);
    this.openTunnel(sink);
    this.#tunnels = true;
    if (this.#closed) return;
    this.#stream.respond(raw);
    this.#watch.tunnelOpens();
    hearBody(this.#stream);
  }

  #count(bytes: number): void {
    this.bytesOut += bytes;
    this.#owner.moved(bytes, 0);
  }

  #head(reply: ReplyHead, without = ""): string[] {
    this.answered = true;
    // What no endpoint may say here: 2xx to CONNECT would open the tunnel, and HTTP/2 has no 6xx and more.
    const strange = (this.#extended && without === "" && reply.status < 300) || reply.status > 599;
    const raw = [":status", String(strange ? 502 : reply.status)];
    pushRaw(raw, reply.fields);
    return without === "" ? raw : raw.filter((_, i) => raw[i - (i % 2)] !== without);
  }

  /** The response is whole; a client that still sends is told that nobody reads it: RFC 9113 8.1. */
  #finish(reply: ReplyHead | undefined): void {
    this.#over = true;
    // What is little goes in its time, or ends with the connection.
    if (this.#stream.writableNeedDrain) this.#watch.writesBlocked();
    const code = this.wrong?.status === 400 ? PROTOCOL_ERROR : NO_ERROR;
    if (!this.bodyWhole) closeBehind(this.#stream, code, this.#owner.settings.wheel);
    if (reply?.elsewhere === true) this.#owner.drain();
  }

  #stop(): void {
    this.#stalls?.stop();
    if (this.#timer !== undefined) this.#owner.settings.wheel.disarm(this.#timer);
  }
}

const WITH_TRAILERS = { waitForTrailers: true, sendDate: false };
const WITHOUT_BODY = { endStream: true };
const OF_HANDSHAKE = "sec-websocket-accept";
