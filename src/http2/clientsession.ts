// One session with an endpoint: a connection that carries many requests at once.
//
//   connecting -- settings --> ready <--> checking (idle for long: does it still answer?)
//        any -> closing (GOAWAY, or not wanted any more: what is open goes on) -> closed
import type { ClientHttp2Session } from "node:http2";
import type net from "node:net";
import type { Address } from "../core/address.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import { wordsOf } from "../core/words.ts";
import type { FieldLimits } from "../http1/lines.ts";
import type { ClientStream, StreamSession } from "./clientstream.ts";
import type { Way } from "./dial.ts";
import { codeName, codeOf, type SessionEnd } from "./ending.ts";
import { KeepAlive } from "./keepalive.ts";
import { onwardHead } from "./onward.ts";
import { SESSION_MEMORY } from "./session.ts";

/** Of one endpoint; times in milliseconds. */
export interface SessionSettings {
  readonly address: Address;
  readonly connectTimeout: number;
  /** Bytes of a response's field section. */
  readonly responseHeaderBytes: number;
  readonly wheel: Wheel;
  readonly way: Way;
}

/** Who makes sessions. */
export interface SessionOwner {
  /** It takes requests, or more of them than before. */
  ready(session: ClientSession): void;
  /** A stream has ended. */
  freed(session: ClientSession): void;
  /** It takes no more requests: it is closing, or gone. */
  lost(session: ClientSession, wasReady: boolean, detail: string): void;
  gone(session: ClientSession): void;
}

/** Requests on one session at once, however many more the endpoint would take. */
export const MOST_STREAMS = 1000;
/** Ids are 31 bits, and every second one is ours: RFC 9113 5.1.1. Far below that a new session takes over. */
const MOST_REQUESTS = 2 ** 29;
const RESPONSE_FIELDS = 1000;
const NO_H2 = "TLS: the endpoint does not speak HTTP/2: it has not agreed upon h2";
const CLOSED = "connection closed";
/**
 * So many resets of this kind in a row, and the session is given up: a server of Node's whose session memory is full, as it
 * is at last by what cancelled streams have left unsent, resets every further stream.
 */
const MOST_CALMED = 5;
const CALM = codeOf("ENHANCE_YOUR_CALM");
/** What a stream may send ahead of a slow client: with 100 slow ones 25 MiB. */
const STREAM_WINDOW = 256 * 1024;
/** What all streams together may have on the way; Node gives it back as it comes. */
export const SESSION_WINDOW = 16 * 1024 * 1024;
/** nghttp2 counts 32 bytes for each field, and heads just above our limit are to be told from resets. */
const LIST_FACTOR = 4;

export class ClientSession implements StreamSession {
  readonly limits: FieldLimits;
  /** Requests that it may work on at once: the other side says so. */
  limit = 0;
  /** `Clock.now()` when its last request ended. */
  idleSince = 0;
  /** Has it had requests? */
  used = false;
  readonly #settings: SessionSettings;
  readonly #owner: SessionOwner;
  readonly #socket: net.Socket;
  readonly #session: ClientHttp2Session;
  readonly #streams = new Set<ClientStream>();
  readonly #timer: Timer;
  readonly #keepAlive: KeepAlive;
  #state: "connecting" | "ready" | "checking" | "closing" | "closed" = "connecting";
  #requests = 0;
  /** Streams reset with ENHANCE_YOUR_CALM since something else was heard. */
  #calmed = 0;
  #lastId = Number.POSITIVE_INFINITY;
  /** Why it ends. */
  #detail: string | undefined;

  constructor(settings: SessionSettings, owner: SessionOwner) {
    const { address, wheel, way, connectTimeout, responseHeaderBytes } = settings;
    this.#settings = settings;
    this.#owner = owner;
    this.limits = { headerBytes: responseHeaderBytes, headers: RESPONSE_FIELDS };
    this.#timer = new Timer(() => this.#late(), this);
    this.#socket = way.dial(address);
    this.#session = this.#connect();
    this.#keepAlive = new KeepAlive(wheel, {
      ping: (answered) => this.#ping(answered),
      dead: (detail) => this.kill(detail),
    });
    wheel.armAwake(this.#timer, connectTimeout);
  }

  #connect(): ClientHttp2Session {
    const socket = this.#socket;
    const options = {
      createConnection: () => socket,
      maxSessionMemory: SESSION_MEMORY,
      maxHeaderListPairs: RESPONSE_FIELDS + 2,
      // What a client has said twice is forwarded twice; Node's types do not know the option.
      strictSingleValueFields: false,
      settings: {
        enablePush: false,
        initialWindowSize: STREAM_WINDOW,
        maxHeaderListSize: this.limits.headerBytes * LIST_FACTOR,
      },
    };
    // Not loaded where nobody needs it.
    const { connect } = process.getBuiltinModule("node:http2");
    const session = connect("http://endpoint.invalid", options);
    session.once("connect", () => {
      if (session.destroyed) return;
      if (this.way.scheme === "https" && session.alpnProtocol !== "h2") return this.kill(NO_H2);
      session.setLocalWindowSize(SESSION_WINDOW);
    });
    session.on("remoteSettings", () => this.#guard(() => this.#heardSettings()));
    session.on("goaway", (code, lastId) => this.#guard(() => this.#goneAway(code, lastId)));
    session.on("error", (error) => {
      this.#detail ??= wordsOf(error);
    });
    session.on("close", () => this.#guard(() => this.#closed()));
    return session;
  }

  /** How it has reached its endpoint. */
  get way(): Way {
    return this.#settings.way;
  }

  get streams(): number {
    return this.#streams.size;
  }

  /** May it still take requests, now or soon? */
  get open(): boolean {
    return this.#state !== "closing" && this.#state !== "closed";
  }

  /** Is it not known yet what it takes? */
  get pending(): boolean {
    return this.#state === "connecting" || this.#state === "checking";
  }

  /** How many more requests it takes now. */
  get room(): number {
    return this.#state === "ready" ? Math.max(0, this.limit - this.#streams.size) : 0;
  }

  /** Its next request would be the only one, and not the first: it may meet a connection that just closes. */
  get resting(): boolean {
    return this.used && this.#streams.size === 0;
  }

  /** Sees whether it still answers, if that is in doubt: it has no room until it has. */
  doubt(): void {
    if (this.#state !== "ready" || this.#streams.size > 0 || !this.#keepAlive.doubtful) return;
    const { wheel, connectTimeout } = this.#settings;
    this.#state = "checking";
    wheel.armAwake(this.#timer, connectTimeout);
    this.#ping(() => this.#answered());
  }

  /** Opens a stream for `stream`; there must be room. */
  begin(stream: ClientStream): void {
    this.#streams.add(stream);
    if (this.#streams.size === 1) this.#keepAlive.start();
    this.used = true;
    if (++this.#requests === MOST_REQUESTS) this.retire("its stream ids are used up");
    const head = onwardHead(stream.text, this.#settings.way.scheme);
    if (head.upgrade !== undefined && this.#session.remoteSettings.enableConnectProtocol !== true) {
      this.#drop(stream);
      return stream.fail("refused", "the endpoint takes no upgrades over HTTP/2 (RFC 8441)");
    }
    const endStream = stream.chunked === undefined && head.upgrade === undefined;
    const waitForTrailers = stream.trails;
    try {
      const made = this.#session.request(head.raw, { endStream, waitForTrailers });
      stream.open(this, head, made, waitForTrailers);
    } catch (error) {
      this.#drop(stream);
      stream.onBug(error);
    }
  }

  /** It gets no more requests, and closes when the last one has ended. */
  retire(detail: string): void {
    this.#closing(detail);
    if (this.#streams.size === 0) this.#session.close();
  }

  /** Ends it at once. */
  kill(detail: string): void {
    this.#closing(detail);
    // First of all: Node would wait until what it has written has gone out.
    this.#socket.destroy();
    this.#session.destroy();
  }

  // What streams ask and say.

  heard(): void {
    this.#keepAlive.heard();
    this.#calmed = 0;
  }

  endOf(id: number | undefined, code: number): SessionEnd {
    if (code === CALM && ++this.#calmed === MOST_CALMED) this.retire("it resets every stream");
    // Node ends the streams first, as if each had been reset.
    const gone = this.#session.destroyed || this.#socket.destroyed;
    const detail = this.#detail ?? (gone ? CLOSED : undefined);
    return { refused: (id ?? 0) > this.#lastId, detail };
  }

  closed(stream: ClientStream): void {
    this.#drop(stream);
    if (this.#state === "closing" && this.#streams.size === 0) this.#session.close();
    this.#owner.freed(this);
  }

  /** Nobody's request is to blame for a bug of the session's own. */
  onBug(error: unknown): void {
    this.#settings.wheel.onBug(error);
    this.kill("a bug: see the log");
  }

  #drop(stream: ClientStream): void {
    this.#streams.delete(stream);
    if (this.#streams.size > 0) return;
    this.#keepAlive.stop();
    this.idleSince = this.#settings.wheel.time;
  }

  #heardSettings(): void {
    this.heard();
    const { maxConcurrentStreams = Number.POSITIVE_INFINITY } = this.#session.remoteSettings;
    this.limit = Math.min(MOST_STREAMS, maxConcurrentStreams);
    if (this.#state === "connecting") this.#answered();
    else if (this.#state === "ready") this.#owner.ready(this);
  }

  #answered(): void {
    if (!this.pending) return;
    this.#settings.wheel.disarm(this.#timer);
    this.idleSince = this.#settings.wheel.time;
    this.#state = "ready";
    this.heard();
    this.#owner.ready(this);
  }

  #late(): void {
    const { connectTimeout } = this.#settings;
    const what = this.#state === "checking" ? "no answer to a ping" : this.#waitsFor();
    this.kill(`${what} within ${connectTimeout} ms`);
  }

  #waitsFor(): string {
    return this.#socket.connecting ? "not connected" : "no settings of HTTP/2";
  }

  #goneAway(code: number, lastId: number): void {
    this.#lastId = Math.min(this.#lastId, lastId);
    this.#closing(`GOAWAY with ${codeName(code)}`);
  }

  #ping(answered: () => void): void {
    this.#session.ping((error) => {
      if (error === null && this.#state !== "closed") this.#guard(answered);
    });
  }

  #closing(detail: string): void {
    if (!this.open) return;
    const wasReady = this.#state !== "connecting";
    this.#detail ??= detail;
    this.#state = "closing";
    this.#settings.wheel.disarm(this.#timer);
    this.#owner.lost(this, wasReady, this.#detail);
  }

  #closed(): void {
    this.#closing(this.#detail ?? CLOSED);
    this.#state = "closed";
    this.#keepAlive.end();
    this.#owner.gone(this);
  }

  #guard(event: () => void): void {
    try {
      event();
    } catch (error) {
      this.onBug(error);
    }
  }
}
