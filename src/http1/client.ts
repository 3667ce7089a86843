// One connection to an endpoint: a request goes out, its response comes back, then the next.
//
//   connecting -> idle -> waiting (head) -> body -> idle        any -> closed
import type {
  AttemptFailure,
  Carrier,
  Malformed,
  ResponseHead,
  ResponseReceiver,
} from "../core/exchange.ts";
import type { Fields } from "../core/fields.ts";
import { Timer } from "../core/wheel.ts";
import { wordsOf } from "../core/words.ts";
import { type BodyLimits, BodyReader, type BodyTarget } from "./body.ts";
import { lastChunk } from "./encode.ts";
import { INCOMPLETE } from "./lines.ts";
import { parseResponse } from "./response.ts";
import type { ClientSettings } from "./settings.ts";
import { type Dial, dialPlain, isTurnedAway, type Line, type SocketEvents } from "./socket.ts";
import { framed } from "./trailers.ts";

/** Where a connection goes when it is free, or gone. */
export interface ClientOwner {
  released(connection: ClientConnection): void;
  closed(connection: ClientConnection): void;
}

const RESPONSE_FIELDS = 1000;
const INTERIM_RESPONSES = 100;
const TOO_MANY = `more than ${INTERIM_RESPONSES} interim responses`;
/** How long unread bytes of a response are waited for after a write has failed. */
const LAST_WORDS_MS = 100;
const NONE = { kind: "none" } as const;
const CLOSE = { kind: "close" } as const;
type State = "connecting" | "idle" | "waiting" | "body" | "closed";

export class ClientConnection implements Carrier, BodyTarget, SocketEvents {
  /** `Clock.now()` when it was released last; the pool's to set. */
  idleSince = 0;
  /** Has it been idle? Then the server may be closing it. */
  reused = false;
  /** When the whole of a request body was here to be sent last: `Clock.now()`, to the tick. */
  bodySentAt = Number.NEGATIVE_INFINITY;
  readonly dial: Dial;
  readonly #socket: Line;
  readonly #settings: ClientSettings;
  readonly #owner: ClientOwner;
  readonly #limits: BodyLimits;
  readonly #reader: BodyReader;
  /** Of what is waited for: the connection, the next piece of a body, or last words after a failed write. */
  readonly #timer: Timer;
  #state: State = "connecting";
  #receiver: ResponseReceiver | undefined;
  #method = "";
  #head: Buffer | undefined;
  #interims = 0;
  #chunked = false;
  /** Is the request body whole? It is never whole again before the next request: another end is a tunnel's. */
  #sent = true;
  #keepAlive = false;
  #paused = false;
  #progress = false;
  /** Has the endpoint taken less of the request body than there is? */
  #blocked = false;
  #bodyIdle = 0;

  constructor(settings: ClientSettings, owner: ClientOwner) {
    this.#settings = settings;
    this.#owner = owner;
    const { responseHeaderBytes: headerBytes } = settings;
    this.#limits = { headerBytes, headers: RESPONSE_FIELDS, bodyBytes: 0 };
    this.#reader = new BodyReader(this.#limits);
    this.#timer = new Timer(() => this.#onTimer(), this);
    this.dial = settings.dial ?? dialPlain;
    this.#socket = this.dial(settings.address, this);
    settings.wheel.armAwake(this.#timer, settings.connectTimeout);
  }

  /** The largest field section of a response that it takes. */
  get headerBytes(): number {
    return this.#limits.headerBytes;
  }

  get usable(): boolean {
    return this.#state === "idle" && !this.#socket.finished;
  }

  get waits(): boolean {
    return this.#state === "connecting" || this.#blocked;
  }

  send(
    head: string,
    method: string,
    chunked: boolean | undefined,
    receiver: ResponseReceiver,
  ): void {
    this.#receiver = receiver;
    this.#method = method;
    this.#chunked = chunked === true;
    this.#sent = chunked === undefined;
    this.#interims = 0;
    this.#blocked = false;
    if (this.#state === "idle") this.#state = "waiting";
    this.#socket.sendText(head);
  }

  write(view: Buffer): boolean {
    const flows = this.#socket.send(view, this.#chunked);
    this.#blocked = !flows;
    return flows;
  }

  end(trailers: string): void {
    if (this.#sent) return this.#socket.endTunnel();
    this.#sent = true;
    this.bodySentAt = this.#settings.wheel.time;
    if (this.#chunked) this.#socket.sendText(lastChunk(trailers));
  }

  pause(): void {
    this.#paused = true;
    this.#socket.pause();
  }

  resume(): void {
    this.#paused = false;
    this.#progress = true;
    this.#socket.resume();
  }

  limitIdle(bodyIdle: number): void {
    this.#bodyIdle = bodyIdle;
    if (bodyIdle === 0 || this.#state !== "body") return;
    this.#settings.wheel.armAwake(this.#timer, bodyIdle);
  }

  /** Closes the connection at once; the receiver hears nothing more. */
  destroy(): void {
    this.#receiver = undefined;
    this.#socket.destroy();
  }

  onBody(view: Buffer): void {
    this.#receiver?.onBody(view);
  }

  onBodyEnd(trailers: Fields | undefined): void {
    const receiver = this.#receiver;
    this.#receiver = undefined;
    // Whoever frames a message in its trailers may think that another one follows.
    if (trailers !== undefined && framed(trailers)) this.#keepAlive = false;
    receiver?.onBodyEnd(trailers);
  }

  // What the socket says.

  onConnect(): void {
    this.#settings.wheel.disarm(this.#timer);
    if (this.#receiver === undefined) this.#rest();
    else this.#state = "waiting";
  }

  onDrain(): void {
    this.#blocked = false;
    this.#receiver?.onRequestDrain();
  }

  onBytes(view: Buffer): void {
    if (this.#state === "waiting") {
      this.#readHead(view);
    } else if (this.#state === "body") {
      this.#progress = true;
      this.#readBody(view, 0);
    } else {
      // Nobody asked: what came must never meet the next request.
      this.destroy();
    }
  }

  onEnd(): void {
    const closeDelimited = this.#state === "body" && this.#reader.untilClose;
    if (!closeDelimited) return this.onClose(undefined);
    this.#reader.start(NONE);
    this.onBodyEnd(undefined);
    this.#complete(false);
  }

  onClose(error: Error | undefined): void {
    this.#settings.wheel.disarm(this.#timer);
    const detail = error === undefined ? "connection closed" : wordsOf(error);
    this.#owner.closed(this);
    this.#failed(!this.reused && isTurnedAway(error) ? "unreachable" : this.#howItFailed(), detail);
  }

  onWriteFailed(): void {
    this.#settings.wheel.arm(this.#timer, LAST_WORDS_MS);
  }

  /** The request that met the bug is given up; nobody else's is on this connection. */
  onBug(error: unknown): void {
    const { wheel } = this.#settings;
    wheel.onBug(error);
    try {
      this.#failed(this.#state === "body" ? "truncated" : "cancelled", "a bug: see the log");
    } catch (another) {
      wheel.onBug(another);
    }
  }

  #rest(): void {
    this.#state = "idle";
    // Whoever took the last bytes of a body may have asked to wait, and has nobody to tell that it goes on.
    if (this.#paused) this.resume();
    this.reused = true;
    this.#owner.released(this);
  }

  #readHead(view: Buffer): void {
    for (let at = 0; at < view.length && this.#receiver !== undefined; ) {
      const begun = this.#head;
      const before = begun === undefined ? 0 : begun.length;
      const rest = at === 0 ? view : view.subarray(at);
      const whole = begun === undefined ? rest : Buffer.concat([begun, rest]);
      const parsed = parseResponse(whole, this.#method, this.#limits);
      // What is kept must outlive the read.
      this.#head = parsed === INCOMPLETE ? Buffer.from(whole) : undefined;
      if (parsed === INCOMPLETE) return;
      if ("reason" in parsed) return this.#malformed(parsed);
      at += parsed.end - before;
      const { status } = parsed.head;
      if (status >= 200 || status === 101) return this.#final(parsed.head, view, at);
      if (++this.#interims > INTERIM_RESPONSES) return this.#failed("malformed", TOO_MANY);
      this.#receiver.onInterim(parsed.head);
    }
  }

  #final(head: ResponseHead, view: Buffer, end: number): void {
    const { body, framing, keepAlive, status } = head;
    this.#state = "body";
    this.#keepAlive = keepAlive && status !== 101;
    this.#reader.start(status === 101 ? CLOSE : body === undefined ? framing : NONE);
    this.#receiver?.onHead(head);
    if (this.#receiver === undefined) return;
    if (this.#reader.done) this.onBodyEnd(undefined);
    this.#readBody(view, body === undefined ? end : end + body.length);
  }

  #readBody(view: Buffer, position: number): void {
    const end = this.#reader.feed(view, position, this);
    if (end < 0) return this.#malformed(this.#reader.wrong);
    if (!this.#reader.done) return;
    // Bytes behind a response belong to no request of ours.
    this.#complete(end === view.length);
  }

  #complete(clean: boolean): void {
    this.#settings.wheel.rest(this.#timer);
    this.#bodyIdle = 0;
    const isKept = clean && this.#keepAlive && this.#sent && !this.#socket.finished;
    if (isKept) return this.#rest();
    this.#state = "closed";
    this.#socket.destroy();
  }

  #malformed(wrong: Malformed | undefined): void {
    const how = this.#state === "body" ? "truncated" : "malformed";
    this.#failed(how, wrong?.detail ?? "malformed response");
  }

  #howItFailed(): AttemptFailure {
    if (this.#state === "connecting") return "unreachable";
    if (this.#state === "body") return "truncated";
    return this.#head === undefined && this.#interims === 0 ? "reset" : "cut";
  }

  #failed(how: AttemptFailure, detail: string): void {
    const receiver = this.#receiver;
    this.#state = "closed";
    this.destroy();
    receiver?.onFailed(how, detail);
  }

  #onTimer(): void {
    const { connectTimeout, wheel } = this.#settings;
    if (this.#state === "connecting") {
      return this.#failed("unreachable", `not connected within ${connectTimeout} ms`);
    }
    // A body that we do not read, because the client does not, is not the endpoint's fault.
    const moves = this.#state === "body" && (this.#progress || this.#paused);
    if (moves && !this.#socket.finished) {
      this.#progress = false;
      return wheel.armAwake(this.#timer, this.#bodyIdle);
    }
    const said = this.#socket.writeError?.message;
    this.#failed(this.#howItFailed(), said ?? `no byte of the body within ${this.#bodyIdle} ms`);
  }
}
