// Which parts of a client's connection must move, and how fast.
import type { Socket } from "node:net";
import { Timer, type Wheel } from "../core/wheel.ts";
import { cutSocket, isReset, takenBytes } from "./socket.ts";
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
const LUMPS = 3;

/** How often it is asked, while nothing is read, whether the client is still there. */
const LOOK_MS = 80;

/** Who hears of stalls that do not simply cut the connection. */
export interface StallEvents {
  /** A request body is too slow. */
  onSlowBody(): void;
  /** Nobody takes what has come of a request body. */
  onBlockedBody(): void;
}

export class Stalls {
  readonly #socket: Socket;
  readonly #wheel: Wheel;
  readonly #limits: StallLimits;
  readonly #events: StallEvents;
  #body: Watch | undefined;
  /** Both while nothing is read. */
  #blocked: Timer | undefined;
  #presence: Timer | undefined;
  #writes: Watch | undefined;
  #tunnel: Watch | undefined;

  constructor(socket: Socket, wheel: Wheel, limits: StallLimits, events: StallEvents) {
    this.#socket = socket;
    this.#wheel = wheel;
    this.#limits = limits;
    this.#events = events;
  }

  /** A request body is arriving, and we are reading it. */
  bodyComes(): void {
    const { bodyRateBytes, bodyIdle } = this.#limits;
    const pace = paceOf(bodyRateBytes, Math.min(bodyIdle, BODY_WINDOW_MS));
    const arrived = (): number => this.#socket.bytesRead;
    this.#body ??= new Watch(this.#wheel, pace, arrived, () => this.#events.onSlowBody());
    this.#body.start();
  }

  /** The body is whole. */
  bodyRests(): void {
    this.#body?.stop();
  }

  /**
   * We read nothing: that is not the client's fault. Nor do we learn that it leaves, so we look. With a body
   * that is not whole, whoever is to take it must go on some time.
   */
  readingPauses(whole: boolean): void {
    this.#body?.stop();
    this.#presence ??= new Timer(() => this.#look());
    this.#wheel.arm(this.#presence, LOOK_MS);
    if (whole) return;
    this.#blocked ??= new Timer(() => this.#events.onBlockedBody());
    this.#wheel.arm(this.#blocked, LUMPS * this.#limits.bodyIdle);
  }

  readingResumes(): void {
    if (this.#presence !== undefined) this.#wheel.rest(this.#presence);
    if (this.#blocked !== undefined) this.#wheel.rest(this.#blocked);
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
    if (this.#presence !== undefined) this.#wheel.disarm(this.#presence);
    if (this.#blocked !== undefined) this.#wheel.disarm(this.#blocked);
  }

  #look(): void {
    if (isReset(this.#socket)) this.#socket.destroy();
    else if (this.#presence !== undefined) this.#wheel.arm(this.#presence, LOOK_MS);
  }

  readonly #cut = (): void => {
    cutSocket(this.#socket);
  };
}
