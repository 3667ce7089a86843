// TLS handshakes of one listener: bounded in time, in number and in how many begin a second, so that whoever
// connects cannot take the time of those who are connected.
//
//   accepted -> waiting (its turn comes by the rate) -> begun -> ended        any -> timeout, closed
import type { Socket } from "node:net";
import type { Wheel } from "../core/wheel.ts";
import { Timer } from "../core/wheel.ts";
import type { HandshakeEnd, ServerTls } from "./server.ts";

/** How a handshake ended, as metrics count it. */
export type HandshakeResult = HandshakeEnd["kind"] | "timeout" | "refused" | "closed";

/** Whoever wants to know. */
export interface HandshakeObserver {
  ended(end: HandshakeEnd & { kind: "ok" }): void;
  count(result: HandshakeResult): void;
}

/** What the rate allows may come within so long at once. */
const BURST_MS = 100;

export class Handshakes {
  readonly #wheel: Wheel;
  readonly #observer: HandshakeObserver;
  readonly #open = new Map<Socket, Timer>();
  readonly #waiting: [Socket, ServerTls][] = [];
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
      if (this.#remove(socket)) this.#observer.count("timeout");
      socket.destroy();
    });
    this.#open.set(socket, late);
    this.#wheel.arm(late, timeout);
    socket.on("error", () => {});
    socket.once("close", () => {
      if (this.#remove(socket)) this.#observer.count("closed");
    });
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
    tls.begin(socket, (end) => {
      if (!this.#remove(socket)) return;
      if (end.kind === "ok") this.#observer.ended(end);
      this.#observer.count(end.kind);
    });
  }

  /** False when it had ended before. */
  #remove(socket: Socket): boolean {
    const timer = this.#open.get(socket);
    if (timer !== undefined) this.#wheel.disarm(timer);
    return this.#open.delete(socket);
  }
}
