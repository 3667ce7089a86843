// One request on a stream of a session, and its response.
//
//   waiting (for a session) -> open (head awaited) -> body -> closed        any -> closed
import type { ClientHttp2Stream } from "node:http2";
import type { AttemptFailure, Carrier, ResponseReceiver } from "../core/exchange.ts";
import type { Fields } from "../core/fields.ts";
import { isUnframed } from "../core/status.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import type { FieldLimits } from "../http1/lines.ts";
import { answerHead, answerTrailers, switched } from "./answer.ts";
import { type BoundStream, bind, reset, type StreamOwner } from "./bound.ts";
import { codeOf, ending, type SessionEnd } from "./ending.ts";
import { type OnwardHead, trailersOf } from "./onward.ts";
import { Upload } from "./upload.ts";

/** Where a request goes that has just been made. */
export interface StreamPool {
  readonly wheel: Wheel;
  /** Opens it now, or once there is a session for it. */
  begin(stream: ClientStream): void;
  /** It does not wait for a session any more. */
  left(stream: ClientStream): void;
}

/** What a stream needs of its session. */
export interface StreamSession {
  readonly limits: FieldLimits;
  /** Something has arrived. */
  heard(): void;
  /** Is it over for this stream, and why? */
  endOf(id: number | undefined, code: number): SessionEnd;
  closed(stream: ClientStream): void;
}

const INTERIM_RESPONSES = 100;
const [CANCEL, PROTOCOL_ERROR] = [codeOf("CANCEL"), codeOf("PROTOCOL_ERROR")];

export class ClientStream implements Carrier, StreamOwner {
  reused: boolean;
  bodySentAt = Number.NEGATIVE_INFINITY;
  /** The request head, as HTTP/1.1 writes it. */
  text = "";
  /** Is the length of the body unknown? Undefined where there is no body. */
  chunked: boolean | undefined;
  method = "";
  readonly #pool: StreamPool;
  #receiver: ResponseReceiver | undefined;
  #state: "waiting" | "open" | "body" | "closed" = "waiting";
  #head: OnwardHead | undefined;
  #session: StreamSession | undefined;
  #stream: BoundStream | undefined;
  readonly #upload = new Upload();
  #interims = 0;
  /** What has arrived and not gone on: the window of the stream is its limit. */
  #held: Buffer[] = [];
  #paused = false;
  /** Has the other side said that its side is complete? */
  #whole = false;
  /** Has Node told all that came before that? */
  #ended = false;
  #received: Fields | undefined;
  #error: Error | undefined;
  #progress = false;
  #bodyIdle = 0;
  #timer: Timer | undefined;

  constructor(pool: StreamPool, reused: boolean) {
    this.#pool = pool;
    this.reused = reused;
  }

  get waits(): boolean {
    return this.#state === "waiting" || this.#upload.blocked;
  }

  send(text: string, method: string, chunked: boolean | undefined, to: ResponseReceiver): void {
    this.text = text;
    this.method = method;
    this.chunked = chunked;
    this.#receiver = to;
    // Whether there will be trailers has to be known before: most bodies are here as a whole in a moment.
    if (chunked === true) process.nextTick(begin, this, this.#pool);
    else this.#pool.begin(this);
  }

  /** Has it no stream yet, and is one wanted? */
  get unbegun(): boolean {
    return this.#state === "waiting";
  }

  /** May its body yet end with trailers? */
  get trails(): boolean {
    return this.chunked === true && !this.#upload.complete;
  }

  /** Has its stream, and what there was of its body goes on. */
  open(session: StreamSession, head: OnwardHead, stream: ClientHttp2Stream, trails: boolean): void {
    this.#session = session;
    this.#head = head;
    this.#state = "open";
    this.text = "";
    this.#stream = bind(stream, this, trails);
    if (this.#upload.begin(this.#stream)) this.#receiver?.onRequestDrain();
  }

  write(view: Buffer): boolean {
    return this.#upload.write(view);
  }

  end(trailers: string): void {
    this.bodySentAt = this.#pool.wheel.time;
    this.#upload.end(trailers);
  }

  pause(): void {
    this.#paused = true;
  }

  resume(): void {
    this.#paused = false;
    this.#progress = true;
    this.#flush();
    // Node reads a stream again when it is asked to; `resume` is for who lets Node keep what has come.
    if (!this.#paused && this.#stream?.destroyed === false) this.#stream._read(0);
  }

  limitIdle(bodyIdle: number): void {
    this.#bodyIdle = bodyIdle;
    if (bodyIdle === 0 || this.#state !== "body") return;
    this.#timer ??= new Timer(() => this.#onTimer(), this);
    this.#pool.wheel.armAwake(this.#timer, bodyIdle);
  }

  destroy(): void {
    this.#receiver = undefined;
    this.#close(CANCEL);
  }

  /** It ends before it has had a stream, or by the session's end. */
  fail(how: AttemptFailure, detail: string, grpcStatus?: number): void {
    const receiver = this.#receiver;
    this.destroy();
    receiver?.onFailed(how, detail, grpcStatus);
  }

  // What the stream says.

  onInterim(raw: readonly string[]): void {
    const session = this.#heard();
    if (session === undefined || this.#receiver === undefined || this.#state !== "open") return;
    const head = answerHead(raw, this.method, session.limits);
    if (typeof head === "string") return this.#malformed(head);
    if (head.status >= 200) return this.#malformed("trailers that do not end the response");
    if (++this.#interims > INTERIM_RESPONSES) {
      return this.#malformed(`more than ${INTERIM_RESPONSES} interim responses`);
    }
    this.#receiver.onInterim(head);
  }

  onResponse(raw: readonly string[]): void {
    const session = this.#heard();
    if (session === undefined || this.#state !== "open") return;
    const head = answerHead(raw, this.method, session.limits);
    if (typeof head === "string") return this.#malformed(head);
    if (head.status < 200) return this.#malformed("an interim response that ends the stream");
    this.#state = "body";
    const tunnel = this.#head?.upgrade !== undefined && head.status < 300 ? this.#head : undefined;
    this.#receiver?.onHead(tunnel === undefined ? head : switched(head, tunnel));
    const bodiless = this.method === "HEAD" || isUnframed(head.status);
    if (bodiless && tunnel === undefined) this.#done();
    else this.#flush();
  }

  /** Bytes of the body; returns whether more are wanted. */
  onData(chunk: Buffer): boolean {
    this.#heard();
    this.#progress = true;
    if (this.#receiver === undefined) return true;
    // Node tells of the head a little later than of what follows it.
    if (this.#state !== "body" || this.#paused) this.#held.push(chunk);
    else this.#receiver.onBody(chunk);
    return !this.#paused;
  }

  onTrailers(raw: readonly string[]): void {
    const session = this.#heard();
    if (session === undefined || this.#state !== "body") return;
    this.#received = answerTrailers(raw, session.limits);
    if (this.#received === undefined) this.#malformed("malformed trailers");
  }

  /** The other side has completed its response. */
  onWhole(): void {
    this.#whole = true;
  }

  onEnd(): void {
    if (!this.#whole) return;
    this.#ended = true;
    this.#flush();
  }

  onDrain(): void {
    this.#upload.blocked = false;
    this.#receiver?.onRequestDrain();
  }

  /** Trailers may be sent now: there may be none after all. */
  get trailers(): Record<string, string | string[]> {
    return trailersOf(this.#upload.trailers);
  }

  onError(error: Error): void {
    this.#error = error;
  }

  onClose(id: number | undefined, code: number): void {
    const session = this.#session;
    this.#session = undefined;
    session?.closed(this);
    // All of the response is here, and waits until the client takes it.
    if (this.#whole && this.#state === "body") return this.onEnd();
    if (session === undefined || this.#state === "closed") return;
    const begun = this.#state === "body" ? "body" : this.#interims > 0 ? "interim" : "nothing";
    const end = session.endOf(id, code);
    const { how, detail, grpcStatus } = ending({ ...end, code, error: this.#error, begun });
    if (how === "refused") this.reused = end.refused;
    this.fail(how, detail, grpcStatus);
  }

  /** The request that met the bug is given up, and nobody else's. */
  onBug(error: unknown): void {
    const { wheel } = this.#pool;
    wheel.onBug(error);
    try {
      this.fail(this.#state === "body" ? "truncated" : "cancelled", "a bug: see the log");
    } catch (another) {
      wheel.onBug(another);
    }
  }

  #heard(): StreamSession | undefined {
    this.#session?.heard();
    return this.#session;
  }

  /** What has come goes on, as far as it is wanted. */
  #flush(): void {
    while (this.#held.length > 0 && !this.#paused && this.#state === "body") {
      this.#receiver?.onBody(this.#held.shift() as Buffer);
    }
    const over = this.#ended && this.#held.length === 0 && !this.#paused;
    if (over && this.#state === "body") this.#done();
  }

  #done(): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    receiver?.onBodyEnd(this.#received);
    this.#close(CANCEL);
  }

  #malformed(detail: string): void {
    const how = this.#state === "body" ? "truncated" : "malformed";
    const receiver = this.#receiver;
    this.#receiver = undefined;
    this.#close(PROTOCOL_ERROR);
    receiver?.onFailed(how, detail);
  }

  /** Nothing more is wanted; where both sides were complete nothing is said. */
  #close(code: number): void {
    const before = this.#state;
    this.#state = "closed";
    this.#held = [];
    this.#upload.drop();
    if (this.#timer !== undefined) this.#pool.wheel.disarm(this.#timer);
    if (before === "waiting") return this.#pool.left(this);
    const stream = this.#stream;
    const complete = this.#whole && stream?.writableFinished === true;
    if (stream !== undefined && !complete) reset(stream, code, this.#pool.wheel);
  }

  #onTimer(): void {
    // A body that we do not read, because the client does not, is not the endpoint's fault.
    if (this.#state === "body" && (this.#progress || this.#paused)) {
      this.#progress = false;
      return this.#pool.wheel.armAwake(this.#timer as Timer, this.#bodyIdle);
    }
    this.fail("truncated", `no byte of the body within ${this.#bodyIdle} ms`);
  }
}

function begin(stream: ClientStream, pool: StreamPool): void {
  try {
    if (stream.unbegun) pool.begin(stream);
  } catch (error) {
    stream.onBug(error);
  }
}
