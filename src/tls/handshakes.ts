// TLS handshakes of one listener: bounded in time, in number and in how many begin a second, so that whoever
// connects cannot take the time of those who are connected.
//
//   accepted -> waiting (its turn comes by the rate) -> begun -> ended        any -> timeout, closed
import type { Socket } from "node:net";
import type { Wheel } from "../core/wheel.ts";
import { Timer } from "../core/wheel.ts";
import { Complaints } from "./complaints.ts";
import type { HandshakeEnd, ServerTls } from "./server.ts";

/** How a handshake ended, as metrics count it. */
export type HandshakeResult = HandshakeEnd["kind"] | "timeout" | "refused" | "closed";

/** Whoever wants to know. */
export interface HandshakeObserver {
  ended(end: HandshakeEnd & { kind: "ok" }): void;
  count(result: HandshakeResult): void;
  /** Some that fail are told of; `unsaid` ones before were not. */
  failed(failure: HandshakeFailure): void;
}

/** Why a client could not come in, for people. */
export interface HandshakeFailure {
  /** The client's address, or "" where it has none, or has left. */
  readonly peer: string;
  readonly result: HandshakeResult;
  readonly why: string;
  readonly unsaid: number;
}

/** What the rate allows may come within so long at once. */
const BURST_MS = 100;

export class Handshakes {
  readonly #wheel: Wheel;
  readonly #observer: HandshakeObserver;
  readonly #open = new Map<Socket, Timer>();
  readonly #waiting: [Socket, ServerTls][] = [];
  readonly #complaints = new Complaints();
  readonly #turn = new Timer(() => this.#next());
  /** Handshakes that may begin now, as of `#at`. */
  #credit = Number.POSITIVE_INFINITY;
  #at = 0;

  constructor(wheel: Wheel, observer: HandshakeObserver) {
    this.#wheel = wheel;
    this.#observer = observer;
  }

  /** How many there are. */
  get size(): number {
    return this.#open.size;
  }

  /** Takes a socket that was accepted and not read from. */
  add(socket: Socket, tls: ServerTls): void {
    const { timeout, max } = tls.settings.handshakes;
    if (this.#open.size >= max) {
      socket.destroy();
      return this.#observer.count("refused");
    }
    const late = new Timer(() => {
      const why = `the handshake took longer than ${timeout} ms`;
      if (this.#remove(socket)) this.#fails("timeout", why, socket.remoteAddress);
      socket.destroy();
    });
    this.#open.set(socket, late);
    this.#wheel.arm(late, timeout);
    socket.on("error", () => {});
    // Where it is Node that closes, because of the client's certificate, it says so right after.
    socket.once("close", () => setImmediate(() => this.#left(socket)));
    this.#waiting.push([socket, tls]);
    this.#next();
  }

  /** Cuts all of them. */
  destroy(): void {
    this.#wheel.disarm(this.#turn);
    for (const socket of this.#open.keys()) socket.destroy();
  }

  /** Begins with those whose turn it is. */
  #next(): void {
    for (let [first] = this.#waiting; first !== undefined; [first] = this.#waiting) {
      const [socket, tls] = first;
      if (this.#open.has(socket) && !this.#allows(tls.settings.handshakes.rate)) {
        return this.#wheel.arm(this.#turn, this.#wheel.tickMs);
      }
      this.#waiting.shift();
      if (this.#open.has(socket)) this.#begin(socket, tls);
    }
  }

  /** A bucket of what the rate gives in `BURST_MS`, one at least. */
  #allows(rate: number): boolean {
    const now = this.#wheel.time;
    const most = Math.max(1, (rate * BURST_MS) / 1000);
    this.#credit = Math.min(most, this.#credit + ((now - this.#at) * rate) / 1000);
    this.#at = now;
    if (this.#credit < 1) return false;
    this.#credit--;
    return true;
  }

  #begin(socket: Socket, tls: ServerTls): void {
    const peer = socket.remoteAddress;
    tls.begin(socket, (end) => {
      if (!this.#remove(socket)) return;
      if (end.kind !== "ok") return this.#fails(end.kind, end.why, peer);
      this.#observer.ended(end);
      this.#observer.count(end.kind);
    });
  }

  #left(socket: Socket): void {
    if (this.#remove(socket)) this.#observer.count("closed");
  }

  #fails(result: HandshakeResult, why: string, peer = ""): void {
    this.#observer.count(result);
    const unsaid = this.#complaints.next(this.#wheel.time);
    if (unsaid !== undefined) this.#observer.failed({ peer, result, why, unsaid });
  }

  /** False when it had ended before. */
  #remove(socket: Socket): boolean {
    const timer = this.#open.get(socket);
    if (timer !== undefined) this.#wheel.disarm(timer);
    return this.#open.delete(socket);
  }
}
