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
const BODY_WINDOW_MS = 10_000;

/**
 * The kernel takes nothing before a third of its buffer is free, so a steady reader seems to stand still
 * for long and then takes a lump. Whoever takes what we write may let pass so many `bodyIdle` between two.
 */
export const LUMPS = 3;

export class Stalls {
  readonly #socket: Socket;
  readonly #wheel: Wheel;
  readonly #limits: StallLimits;
  readonly #onSlowBody: () => void;
  #body: Watch | undefined;
  #writes: Watch | undefined;
  #tunnel: Watch | undefined;

  /** `onSlowBody` hears of a request body that is too slow; any other stall cuts the connection. */
  constructor(socket: Socket, wheel: Wheel, limits: StallLimits, onSlowBody: () => void) {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#limits = limits;
    this.#onSlowBody = onSlowBody;
  }

  /** A request body is arriving, and we are reading it. */
  bodyComes(): void {
    const { bodyRateBytes, bodyIdle } = this.#limits;
    const pace = paceOf(bodyRateBytes, Math.min(bodyIdle, BODY_WINDOW_MS));
    const arrived = (): number => this.#socket.bytesRead;
    this.#body ??= new Watch(this.#wheel, pace, arrived, this.#onSlowBody);
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
    this.#writes ??= new Watch(this.#wheel, pace, taken, this.#cut);
    if (!this.#writes.running) this.#writes.start();
  }

  writesDrained(): void {
    this.#writes?.stop();
  }

  tunnelOpens(): void {
    const moved = (): number => this.#socket.bytesRead + this.#socket.bytesWritten;
    const pace = { windowMs: this.#limits.tunnelIdle, bytes: 1 };
    this.#tunnel = new Watch(this.#wheel, pace, moved, this.#cut);
    this.#tunnel.start();
  }

  stop(): void {
    this.#body?.stop();
    this.#writes?.stop();
    this.#tunnel?.stop();
  }

  readonly #cut = (): void => {
    cutSocket(this.#socket);
  };
}
