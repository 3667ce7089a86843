// Which parts of a client's connection must move, and how fast.
import type { Socket } from "node:net";
import type { Wheel } from "../core/wheel.ts";
import { cutSocket, takenBytes } from "./socket.ts";
import { paceOf, Watch } from "./watch.ts";

/** What a connection may take its time for; times in milliseconds. */
export interface StallLimits {
  /** Without progress of a body from the client or from an endpoint; LUMPS times that towards them. */
  readonly bodyIdle: number;
  /** Bytes per second that a request body must make on average; 0 for any. */
  readonly bodyRateBytes: number;
  /** Without a byte either way in a tunnel. */
  readonly tunnelIdle: number;
}

/** A request body's rate is judged over windows of at most this length. */
export const BODY_WINDOW_MS = 10_000;

/**
 * The kernel takes nothing before a third of its buffer is free, so a steady reader seems to stand still
 * for long and then takes a lump. Whoever takes what we write may let pass so many `bodyIdle` between two.
 */
export const LUMPS = 3;

/** Whose connection stalls. */
interface Sufferer {
  /** A request body is too slow. */
  onSlowBody(): void;
  /** Hears what that has thrown. */
  onBug(error: unknown): void;
}

export class Stalls {
  readonly #socket: Socket;
  readonly #wheel: Wheel;
  readonly #limits: StallLimits;
  readonly #owner: Sufferer;
  #body: Watch | undefined;
  #writes: Watch | undefined;
  #tunnel: Watch | undefined;

  /** The owner hears of a request body that is too slow; any other stall cuts the connection. */
  constructor(socket: Socket, wheel: Wheel, limits: StallLimits, owner: Sufferer) {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#limits = limits;
    this.#owner = owner;
  }

  /** A request body is arriving, and we are reading it. */
  bodyComes(): void {
    const { bodyRateBytes, bodyIdle } = this.#limits;
    const pace = paceOf(bodyRateBytes, Math.min(bodyIdle, BODY_WINDOW_MS));
    const arrived = (): number => this.#socket.bytesRead;
    this.#body ??= new Watch(this.#wheel, pace, arrived, () => this.#slow());
    this.#body.start();
  }

  /** The body is whole, or it is we who do not read it: that is not the client's fault. */
  bodyRests(): void {
    this.#body?.stop();
  }

  /** The kernel takes no more bytes for the client. */
  writesBlocked(): void {
    const pace = { windowMs: LUMPS * this.#limits.bodyIdle, bytes: 1 };
    const taken = (): number => takenBytes(this.#socket);
    this.#writes ??= new Watch(this.#wheel, pace, taken, () => cutSocket(this.#socket));
    if (!this.#writes.running) this.#writes.start();
  }

  writesDrained(): void {
    this.#writes?.stop();
  }

  tunnelOpens(): void {
    const moved = (): number => this.#socket.bytesRead + this.#socket.bytesWritten;
    const pace = { windowMs: this.#limits.tunnelIdle, bytes: 1 };
    this.#tunnel = new Watch(this.#wheel, pace, moved, () => cutSocket(this.#socket));
    this.#tunnel.start();
  }

  stop(): void {
    this.#body?.stop();
    this.#writes?.stop();
    this.#tunnel?.stop();
  }

  #slow(): void {
    try {
      this.#owner.onSlowBody();
    } catch (error) {
      this.#owner.onBug(error);
    }
  }
}
