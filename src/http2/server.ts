// One HTTP/2 connection of a client: every stream is an exchange, as every request of HTTP/1.1 is one.
//
//   preface -> SETTINGS -> streams -> idle, drain -> GOAWAY(2^31-1) -> a round trip -> GOAWAY(last) -> closed
import type { ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { Malformed, Peer } from "../core/exchange.ts";
import { Timer } from "../core/wheel.ts";
import { DRAIN_GRACE_MS } from "../http1/settings.ts";
import { cutSocket } from "../http1/socket.ts";
import {
  CANCEL,
  END_STREAM,
  ENHANCE_YOUR_CALM,
  NO_ERROR,
  NOTICE,
  PROTOCOL_ERROR,
  REFUSED_STREAM,
} from "./codes.ts";
import { StreamExchange, type StreamOwner } from "./exchange.ts";
import { pushRaw } from "./fields.ts";
import { type Flood, Floods } from "./floods.ts";
import { readRequest } from "./request.ts";
import { closeBehind, resetStream } from "./reset.ts";
import { openSession } from "./session.ts";
import type { StreamSettings } from "./settings.ts";

/** A client has so long to close after us, and after a flood to read why. */
const [LINGER_MS, FLOODED_MS] = [1000, 100];
/** How often it is asked what a connection has sent beside requests. */
const LOOK_MS = 5000;

type State =
  /** The client's SETTINGS have not come. */
  | "begun"
  | "open"
  /** The first GOAWAY is out. */
  | "warned"
  /** No stream begins any more. */
  | "leaving"
  /** It is about to be cut. */
  | "flooded"
  | "closed";

export class StreamConnection implements StreamOwner {
  readonly settings: StreamSettings;
  readonly #socket: Socket;
  readonly #peer: Peer;
  readonly #session: ServerHttp2Session;
  readonly #closed: (connection: StreamConnection) => void;
  readonly #floods: Floods;
  /** Of what is waited for: SETTINGS, a request, a round trip, the client's own end. */
  readonly #timer: Timer;
  #state: State = "begun";
  /** Requests that are worked on, whether or not their streams are still there. */
  #open = 0;
  /** Of bodies, since it was asked last. */
  #bodies = 0;
  #pieces = 0;
  #read = 0;
  #lookedAt: number;
  readonly #look: Timer;
  #rests = false;
  #doubtful: Timer | undefined;
  /** Streams that wait for the rest to end. */
  #waiting: (() => void)[] = [];

  /** `socket` speaks HTTP/2 from its first byte on, whether or not that has been read and put back. */
  constructor(
    socket: Socket,
    peer: Peer,
    settings: StreamSettings,
    closed: (connection: StreamConnection) => void,
  ) {
    this.settings = settings;
    this.#socket = socket;
    this.#peer = peer;
    this.#closed = closed;
    this.#lookedAt = settings.wheel.time;
    this.#floods = new Floods(settings.http2);
    this.#timer = new Timer(() => this.#onTimer(), this);
    this.#look = new Timer(() => this.#onLook(), this);
    this.#session = openSession(socket, settings, this);
    this.#session.on("stream", (stream, _headers, flags, raw) =>
      this.#onStream(stream, flags, raw),
    );
    this.#session.on("remoteSettings", () => this.#onSettings());
    this.#session.on("ping", () => this.#onFrame("ping")).on("error", ignore);
    this.#session.on("close", () => this.#onClose());
    settings.wheel.arm(this.#timer, settings.limits.headTimeout);
    settings.wheel.arm(this.#look, LOOK_MS);
  }

  /** Tells the client to go elsewhere, waits for what is under way, and closes. */
  drain(): void {
    // A session that is destroyed says so only when what was written has gone.
    if ((this.#state !== "open" && this.#state !== "begun") || this.#session.destroyed) return;
    const begun = this.#state === "begun";
    this.#state = "warned";
    if (begun) return this.#lastCall();
    this.settings.wheel.arm(this.#timer, DRAIN_GRACE_MS);
    this.#socket.write(NOTICE);
    // What the client has sent before it heard of that comes before its answer to this.
    this.#session.ping(() => this.#lastCall());
  }

  /** Begins nothing that comes for now, or does so again; what has begun goes on. */
  rest(rests: boolean): void {
    this.#rests = rests;
    if (rests) return;
    for (const begin of this.#waiting.splice(0)) begin();
  }

  cut(): void {
    this.#session.destroy();
    cutSocket(this.#socket);
  }

  // What its exchanges say.

  moved(bytes: number, pieces: number): void {
    this.#bodies += bytes;
    this.#pieces += pieces;
  }

  settled(): void {
    this.#open--;
    if (this.#open === 0 && this.#state === "open") this.#idles();
  }

  reset(exchange: StreamExchange, code: number): void {
    this.#count(this.settings.clock.now() - exchange.startedAt, code);
  }

  onBug(error: unknown): void {
    this.settings.wheel.onBug(error);
    this.cut();
  }

  // What the session says.

  #onStream(stream: ServerHttp2Stream, flags: number, raw: readonly string[]): void {
    stream.on("error", ignore);
    this.#floods.opened();
    if (stream.destroyed || stream.closed) return this.#count(0, stream.rstCode);
    if (this.#state === "flooded") return resetStream(stream, REFUSED_STREAM);
    if (this.#open >= this.settings.http2.streams) return resetStream(stream, REFUSED_STREAM);
    this.#open++;
    const now = this.settings.clock.now();
    if (!this.#rests) return this.#begin(stream, flags, raw, now);
    // What comes of its body meanwhile is not handed over, and no flood.
    this.#bodies += this.settings.http2.streamWindow;
    this.#waiting.push(() => this.#begin(stream, flags, raw, now));
  }

  #begin(stream: ServerHttp2Stream, flags: number, raw: readonly string[], now: number): void {
    try {
      const { limits, random } = this.settings;
      const ended = (flags & END_STREAM) !== 0;
      const request = readRequest(raw, ended, limits, random);
      if ("reason" in request) return this.#refuse(stream, request, ended);
      const head = { request, extended: request.upgrade !== undefined };
      const exchange = new StreamExchange(stream, this, head, this.#peer, now);
      if (stream.destroyed || stream.closed) exchange.onClosed();
      this.settings.serve(exchange);
    } catch (error) {
      this.onBug(error);
    }
  }

  #refuse(stream: ServerHttp2Stream, wrong: Malformed, ended: boolean): void {
    this.#open--;
    if (this.#open === 0 && this.#state === "open") this.#idles();
    const { reply, body } = this.settings.refusal(wrong, this.#peer);
    if (stream.destroyed || stream.closed) return;
    const raw = [":status", String(reply.status)];
    pushRaw(raw, reply.fields);
    stream.respond(raw, { endStream: body === "" });
    if (body !== "") stream.end(body, "latin1");
    if (!ended) closeBehind(stream, NO_ERROR, this.settings.wheel);
  }

  #onSettings(): void {
    if (this.#state === "begun") {
      this.#state = "open";
      if (this.#open === 0) this.#idles();
      else this.settings.wheel.rest(this.#timer);
    }
    this.#onFrame("settings");
  }

  #onFrame(kind: "settings" | "ping"): void {
    const flood = this.#floods.frame(kind, this.settings.clock.now(), this.#bodies);
    if (flood !== undefined) this.#flooded(flood);
  }

  /** Was it one stream that was wrong, or all of it? Only a session that lives hears the answer to its PING. */
  onDoubt(): void {
    this.#count(0, PROTOCOL_ERROR);
    if (this.#doubtful !== undefined || this.#session.destroyed) return;
    const timer = new Timer(() => this.#doubted(), this);
    this.#doubtful = timer;
    this.settings.wheel.arm(timer, LINGER_MS);
    this.#session.ping((error) => {
      if (error !== null) return;
      this.settings.wheel.disarm(timer);
      this.#doubtful = undefined;
    });
  }

  #doubted(): void {
    const flood = this.#others() === undefined ? undefined : "ignored_frames";
    this.#broken("HTTP/2: a frame was wrong, or there were too many of no use", flood);
    this.cut();
  }

  /** A stream was reset after so long. */
  #count(livedMs: number, code = NO_ERROR): void {
    if (this.#state === "closed") return;
    const now = this.settings.clock.now();
    const unread = this.settings.wheel.lag.behind(now);
    const flood = this.#floods.reset(now, livedMs, code !== CANCEL && code !== NO_ERROR, unread);
    if (flood !== undefined) this.#flooded(flood);
  }

  #flooded(flood: Flood): void {
    if (this.#session.destroyed || this.#state === "flooded") return;
    this.#broken(`flood of HTTP/2: ${flood}`, flood);
    // A close over what nobody has read would be a reset, and take GOAWAY along. nghttp2 begins nothing more.
    this.#session.goaway(ENHANCE_YOUR_CALM);
    this.#state = "flooded";
    this.settings.wheel.arm(this.#timer, FLOODED_MS);
  }

  #broken(detail: string, flood?: Flood): void {
    this.settings.broken(detail, this.#peer, flood);
  }

  /** Node destroys the session, and says GOAWAY. A client that is merely gone has broken nothing. */
  onFailed(error: Error, streams: number): void {
    const flood = this.#floods.named(error, streams);
    if (flood !== undefined || "errno" in error) this.#broken(`HTTP/2: ${error.message}`, flood);
    this.#ends();
  }

  #onClose(): void {
    this.#state = "closed";
    this.#waiting = [];
    for (const timer of [this.#timer, this.#look, this.#doubtful]) {
      if (timer !== undefined) this.settings.wheel.disarm(timer);
    }
    this.#closed(this);
  }

  #idles(): void {
    this.settings.wheel.arm(this.#timer, this.settings.limits.idle);
  }

  #onLook(): void {
    const flood = this.#others();
    if (flood !== undefined) return this.#flooded(flood);
    this.settings.wheel.arm(this.#look, LOOK_MS);
  }

  /** What has come beside requests and bodies since this was asked last: was it too much? */
  #others(): Flood | undefined {
    const { bytesRead } = this.#socket;
    const { time } = this.settings.wheel;
    const moved = { read: bytesRead - this.#read, bodies: this.#bodies, pieces: this.#pieces };
    const flood = this.#floods.others(moved, time - this.#lookedAt);
    this.#lookedAt = time;
    this.#read = bytesRead;
    this.#bodies = 0;
    this.#pieces = 0;
    return flood;
  }

  #onTimer(): void {
    if (this.#state === "begun") this.cut();
    else if (this.#state === "open" && this.#open === 0) this.drain();
    else if (this.#state === "warned") this.#lastCall();
    else if (this.#state === "flooded") this.cut();
    else if (this.#state === "leaving" && this.#session.destroyed) this.#socket.destroy();
    else if (this.#state === "leaving") this.#ends();
  }

  #lastCall(): void {
    if (this.#state !== "warned" || this.#session.destroyed) return;
    this.#session.close();
    this.#ends();
  }

  /** Once nothing is under way any more, the client has its time to read and to close. */
  #ends(): void {
    if (this.#state === "closed" || this.#state === "flooded") return;
    this.#state = "leaving";
    this.settings.wheel.arm(this.#timer, LINGER_MS);
  }
}

function ignore(): void {}
