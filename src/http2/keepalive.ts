// Finds a peer that is gone without a word: whoever is silent too long while requests wait is pinged.
//
//   silent for PING_AFTER --> ping --> answered: wait on     PING_TIMEOUT without an answer: dead
//
// Many gRPC servers take pings for a flood, and end the connection at the third within five minutes without
// data of theirs in between. So after two the next is sent only when that time has passed.
import { Timer, type Wheel } from "../core/wheel.ts";

/** What it can do. */
export interface Pinging {
  /** Sends a ping; calls `answered` when the answer is here. */
  ping(answered: () => void): void;
  dead(detail: string): void;
}

/** Milliseconds of silence, with requests open, until a ping; after as much without any it is asked first. */
const PING_AFTER_MS = 10_000;
/** Milliseconds in which a ping must be answered. */
const PING_TIMEOUT_MS = 5_000;
/** So many pings while nothing else is heard; then one each time so many milliseconds have passed. */
const PINGS = 2;
const PING_PAUSE_MS = 330_000;

export class KeepAlive {
  readonly #wheel: Wheel;
  readonly #pinging: Pinging;
  readonly #timer: Timer;
  #heardAt: number;
  #pings = 0;
  #waits = false;
  #on = false;

  constructor(wheel: Wheel, pinging: Pinging) {
    this.#wheel = wheel;
    this.#pinging = pinging;
    this.#heardAt = wheel.time;
    this.#timer = new Timer(() => this.#due());
  }

  /** Something has come that is no answer to a ping. */
  heard(): void {
    this.#heardAt = this.#wheel.time;
    this.#pings = 0;
    this.#waits = false;
  }

  /** Has it been silent for so long that it may be gone? */
  get doubtful(): boolean {
    return this.#wheel.time - this.#heardAt >= PING_AFTER_MS;
  }

  /** Requests are open from now on. */
  start(): void {
    // The first of them has just gone out: the silence begins now.
    this.#heardAt = this.#wheel.time;
    this.#waits = false;
    this.#on = true;
    this.#wheel.armAwake(this.#timer, PING_AFTER_MS);
  }

  /** None is open any more. */
  stop(): void {
    this.#on = false;
    this.#wheel.rest(this.#timer);
  }

  /** The session is gone. */
  end(): void {
    this.#on = false;
    this.#wheel.disarm(this.#timer);
  }

  #due(): void {
    if (this.#waits) {
      return this.#pinging.dead(`no answer to a ping within ${PING_TIMEOUT_MS} ms`);
    }
    const pause = this.#pings < PINGS ? PING_AFTER_MS : PING_PAUSE_MS;
    const left = this.#heardAt + pause - this.#wheel.time;
    if (left > 0) return this.#wheel.armAwake(this.#timer, left);
    this.#pings++;
    this.#waits = true;
    this.#wheel.armAwake(this.#timer, PING_TIMEOUT_MS);
    this.#pinging.ping(() => this.#answered());
  }

  #answered(): void {
    if (!this.#waits || !this.#on) return;
    this.#waits = false;
    this.#heardAt = this.#wheel.time;
    this.#wheel.armAwake(this.#timer, this.#pings < PINGS ? PING_AFTER_MS : PING_PAUSE_MS);
  }
}
