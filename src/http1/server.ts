// One connection of a client: requests are read one after the other, each is answered before the
// next is looked at, and what a client sends ahead waits, bounded.
//
//   idle -> head -> exchange (body, response) -> idle    any -> lingering -> closed    or it is HTTP/2
import type { Socket } from "node:net";
import type { Malformed, Peer } from "../core/exchange.ts";
import { Timer } from "../core/wheel.ts";
import { BodyReader } from "./body.ts";
import { ServerExchange, type Wire } from "./exchange.ts";
import { Farewell } from "./farewell.ts";
import { HeadReader } from "./headreader.ts";
import { AHEAD_BYTES, Intake } from "./intake.ts";
import { INCOMPLETE, SLOW_BODY, SLOW_HEAD } from "./lines.ts";
import { Output } from "./output.ts";
import type { Owned, SocketOwner } from "./owned.ts";
import { DRAIN_GRACE_MS, type ServerSettings } from "./settings.ts";
import { adopt, cutSocket, release } from "./socket.ts";
import { LUMPS, Stalls } from "./stalls.ts";

type State = "http" | "tunnel" | "lingering" | "closed";

export class ServerConnection implements Wire, SocketOwner {
  readonly #socket: Owned;
  readonly #settings: ServerSettings;
  readonly #peer: Peer;
  readonly #closed: (connection: ServerConnection) => void;
  /** Pauses while too much is ahead, a body is not taken, or it was wrong. */
  readonly #intake: Intake;
  readonly #head: HeadReader;
  readonly #reader: BodyReader;
  /** Of what is waited for: a request, the rest of its head, its answer in time, the client's own end. */
  readonly #timer: Timer;
  readonly #stalls: Stalls;
  readonly output: Output;
  #state: State = "http";
  #rests = false;
  #exchange: ServerExchange | undefined;
  #farewell: Farewell | undefined;
  /** What was read and has not been looked at: while a request is answered, what follows it. */
  #ahead: Buffer | undefined;
  /** While what was read is worked through: answers that come meanwhile do not begin to do the same. */
  #pumping = false;
  #idleSince: number;

  /** `accepted` comes from a server with `pauseOnConnect`. */
  constructor(
    accepted: Socket,
    peer: Peer,
    settings: ServerSettings,
    closed: (connection: ServerConnection) => void,
  ) {
    this.#closed = closed;
    this.#timer = new Timer(() => this.#onTimer(), this);
    this.#socket = adopt(accepted, this);
    this.#peer = peer;
    this.#settings = settings;
    this.#head = new HeadReader(settings.limits, settings.http2 !== undefined);
    this.#reader = new BodyReader(settings.limits);
    this.#idleSince = settings.clock.now();
    const { wheel, limits } = settings;
    this.#stalls = new Stalls(this.#socket, wheel, limits, this);
    this.#intake = new Intake(this.#socket, wheel, LUMPS * limits.bodyIdle, this);
    this.output = new Output(this.#socket, this.#stalls);
    wheel.arm(this.#timer, limits.idle);
  }

  /** Closes the connection when nothing is going on; otherwise after the response in flight. */
  drain(): void {
    if (this.#exchange !== undefined || this.#head.begun || this.#state !== "http") return;
    const quiet = this.#settings.clock.now() - this.#idleSince;
    if (quiet >= DRAIN_GRACE_MS) this.#linger();
    else this.#settings.wheel.arm(this.#timer, DRAIN_GRACE_MS - quiet);
  }

  /** Reads no further request for now, or does so again; what has begun goes on. */
  rest(rests: boolean): void {
    this.#rests = rests;
    if (this.#exchange !== undefined || this.#head.begun || this.#state !== "http") return;
    if (rests) this.#intake.pause(true);
    else this.#intake.resume();
  }

  // What the exchange asks for.

  get closing(): boolean {
    return this.#settings.draining() || this.#socket.destroyed;
  }

  pauseReading(): void {
    this.#stalls.bodyRests();
    this.#intake.pause(this.#reader.done);
  }

  resumeReading(): void {
    const comes = !this.#reader.done && this.#exchange !== undefined;
    if (this.#intake.resume() && comes) this.#stalls.bodyComes();
  }

  armDeadline(at: number): void {
    // An exchange that is over has no deadline any more.
    if (this.#exchange === undefined) return;
    if (at === Number.POSITIVE_INFINITY) this.#settings.wheel.rest(this.#timer);
    else this.#settings.wheel.armAt(this.#timer, at);
  }

  finished(close: boolean): void {
    const { wheel, limits, draining } = this.#settings;
    this.#exchange = undefined;
    if (close) return this.#linger();
    if (this.#rests && this.#ahead === undefined) this.#intake.pause(true);
    else this.resumeReading();
    // A response whose head went out before the drain has not told the client to look elsewhere.
    const idle = draining() ? DRAIN_GRACE_MS : limits.idle;
    this.#idleSince = wheel.time;
    wheel.armAt(this.#timer, wheel.time + idle);
  }

  settled(): void {
    if (this.#ahead === undefined) return;
    try {
      this.#pump();
    } catch (error) {
      this.onBug(error);
    }
  }

  tunnelled(): void {
    this.#settings.wheel.rest(this.#timer);
    this.#stalls.tunnelOpens();
    this.resumeReading();
    this.#state = "tunnel";
    this.#reader.start({ kind: "close" });
    this.#pump();
  }

  cut(): void {
    this.output.flush();
    cutSocket(this.#socket);
  }

  /** Whoever waited for an answer learns at once that there will be none. */
  onBug(error: unknown): void {
    this.#settings.wheel.onBug(error);
    this.#pumping = false;
    cutSocket(this.#socket);
  }

  // What the socket says.

  onBytes(view: Buffer): void {
    if (this.#state === "lingering") return this.#farewell?.discard(view);
    this.#ahead = this.#ahead === undefined ? view : Buffer.concat([this.#ahead, view]);
    this.#pump();
    const ahead = this.#ahead;
    // What waits must outlive the read.
    if (ahead !== undefined && ahead.buffer === view.buffer) this.#ahead = Buffer.from(ahead);
  }

  /** Works through what has come, one request after the other, without recursion. */
  #pump(): void {
    if (this.#pumping) return;
    this.#pumping = true;
    while (this.#ahead !== undefined && this.#state !== "lingering" && this.#state !== "closed") {
      if (!this.#advance(this.#ahead)) break;
    }
    this.#pumping = false;
  }

  /** Reads the next part of `bytes`; false when the rest has to wait. */
  #advance(bytes: Buffer): boolean {
    const exchange = this.#exchange;
    if (exchange === undefined) {
      this.resumeReading();
      this.#readHead(bytes);
      return true;
    }
    if (this.#reader.done) {
      if (bytes.length > AHEAD_BYTES) this.pauseReading();
      return false;
    }
    this.#ahead = undefined;
    this.#readBody(exchange, bytes, 0);
    return true;
  }

  #readHead(bytes: Buffer): void {
    const { wheel, limits } = this.#settings;
    const late = this.#head.begun;
    this.#ahead = undefined;
    const parsed = this.#head.read(bytes);
    if (parsed === INCOMPLETE) {
      if (this.#head.preface !== undefined) this.#handOver(this.#head.preface);
      else if (this.#head.begun && !late) wheel.arm(this.#timer, limits.headTimeout);
      return;
    }
    wheel.rest(this.#timer);
    if ("reason" in parsed) return this.#refuse(parsed);
    const { head, end, keepAlive } = parsed;
    const now = this.#settings.clock.now();
    const exchange = new ServerExchange(this, head, this.#peer, now, keepAlive);
    this.#exchange = exchange;
    this.#reader.start(head.framing);
    if (end < bytes.length) this.#readBody(exchange, bytes, end);
    if (exchange.wrong !== undefined) {
      this.#exchange = undefined;
      return this.#refuse({ ...exchange.wrong, of: head });
    }
    if (!this.#reader.done) this.#stalls.bodyComes();
    this.#settings.serve(exchange);
  }

  /** The client speaks HTTP/2: this is over, and somebody who does, too, goes on. */
  #handOver(preface: Buffer): void {
    this.#settings.http2?.(release(this.#socket, preface), this.#peer);
    this.onClose();
  }

  #readBody(exchange: ServerExchange, bytes: Buffer, position: number): void {
    const end = this.#reader.feed(bytes, position, exchange);
    if (end < 0) return this.#bodyWrong(this.#reader.wrong ?? SLOW_BODY);
    if (this.#reader.done) this.#stalls.bodyRests();
    if (end < bytes.length) this.#ahead = end === 0 ? bytes : bytes.subarray(end);
  }

  #bodyWrong(wrong: Malformed): void {
    const exchange = this.#exchange;
    if (exchange === undefined) return;
    exchange.wrong = wrong;
    // Whatever follows cannot be told from the body any more.
    this.#reader.start({ kind: "none" });
    this.pauseReading();
    exchange.listener?.onGone();
  }

  #refuse(wrong: Malformed): void {
    this.output.sendText(this.#settings.refuse(wrong, this.#peer));
    this.#linger();
  }

  onEnd(): void {
    if (this.#state === "lingering") return this.#socket.destroySoon();
    const exchange = this.#exchange;
    this.output.flush();
    if (this.#state === "tunnel") exchange?.onBodyEnd(undefined);
    // A client that closed cannot be told from one that only sends no more; either way nobody may
    // be reading, and work for nobody is what an overloaded service can least afford.
    else if (exchange === undefined) this.#socket.destroySoon();
    else this.#socket.destroy();
  }

  onDrain(): void {
    this.#stalls.writesDrained();
    this.#exchange?.listener?.onResponseDrain();
  }

  onClose(): void {
    this.#settings.wheel.disarm(this.#timer);
    this.#stalls.stop();
    this.#intake.stop();
    this.#state = "closed";
    const exchange = this.#exchange;
    this.#exchange = undefined;
    this.#ahead = undefined;
    if (exchange !== undefined) exchange.gone = true;
    this.#closed(this);
    exchange?.listener?.onGone();
  }

  // What takes too long.

  onSlowBody(): void {
    this.#bodyWrong(SLOW_BODY);
  }

  onBodyBlocked(): void {
    this.#exchange?.listener?.onBodyBlocked();
  }

  #onTimer(): void {
    const exchange = this.#exchange;
    if (exchange !== undefined) exchange.listener?.onDeadline(this.#settings.wheel.time);
    else if (this.#state === "lingering") this.#socket.destroy();
    else if (this.#head.begun) this.#refuse(SLOW_HEAD);
    else this.#linger();
  }

  /** Sends what is left, then waits for the client to close, so that it reads what it was sent. */
  #linger(): void {
    if (this.#state === "lingering" || this.#state === "closed") return;
    this.#state = "lingering";
    const { wheel } = this.#settings;
    wheel.rest(this.#timer);
    this.#stalls.bodyRests();
    this.#ahead = undefined;
    this.#head.forget();
    this.#intake.resume();
    this.output.flush();
    this.#farewell = new Farewell(this.#socket, wheel, this.#timer, this.#stalls);
  }
}
