// A simulated service: so many workers, a queue before them, and the ways in which it can be sick.
import { idOf } from "../../src/core/fields.ts";
import type { Call, Caller, Host } from "./call.ts";
import { type Duration, draw, type Stream } from "./chance.ts";
import type { World } from "./world.ts";

/**
 * `down`: its port is closed; `silent`: its machine is gone; `hang`: stopped, but its kernel still
 * accepts; `sick`: it answers everything with 503 at once, health checks as well.
 */
export type Condition = "up" | "down" | "silent" | "hang" | "sick";

/** What several services cannot do without. */
export interface Dependency {
  condition: "up" | "fails" | "hangs";
  /** What it takes when it is up. */
  readonly time: Duration;
}

/** How long a service waits for its dependency. */
const DEPENDENCY_TIMEOUT_MS = 2000;

export interface ServiceSettings {
  readonly workers: number;
  readonly time: Duration;
  /** Milliseconds after which it closes idle connections; Infinity by default. */
  readonly idle?: number;
  readonly dependency?: Dependency;
  /** After it has come up it takes `factor` times as long for so many requests. */
  readonly cold?: { readonly requests: number; readonly factor: number };
}

/** The shares of requests, in [0, 1], that end badly although it is up. */
export interface Faults {
  /** The connection breaks in place of an answer. */
  reset: number;
  /** It breaks in the middle of the answer. */
  cut: number;
  /** Status 500. */
  error: number;
  /** What comes is not HTTP. */
  garbage: number;
}

const HEALTH_PATH = "/healthz";
const REQUEST_ID = idOf("x-request-id");

export class Service implements Host {
  readonly address: string;
  readonly callers = new Set<Caller>();
  readonly idle: number;
  /** Everything takes so many times as long. */
  factor = 1;
  readonly faults: Faults = { reset: 0, cut: 0, error: 0, garbage: 0 };
  /** Requests that have come, health checks apart. */
  arrived = 0;
  /** When health checks have come. */
  readonly checks: number[] = [];
  readonly #world: World;
  readonly #settings: ServiceSettings;
  readonly #times: Stream;
  readonly #luck: Stream;
  #condition: Condition = "up";
  #busy = 0;
  #queue: Call[] = [];
  /** What a stopped process would do now. */
  #held: (() => void)[] = [];
  /** Counts its deaths: what was begun before one comes to nothing. */
  #life = 0;
  #cold = 0;

  constructor(world: World, address: string, settings: ServiceSettings) {
    this.address = address;
    this.idle = settings.idle ?? Number.POSITIVE_INFINITY;
    this.#world = world;
    this.#settings = settings;
    this.#times = world.stream(`service ${address} times`);
    this.#luck = world.stream(`service ${address} faults`);
  }

  get reach(): Host["reach"] {
    if (this.#condition === "down") return "refuses";
    return this.#condition === "silent" ? "silent" : "accepts";
  }

  get condition(): Condition {
    return this.#condition;
  }

  become(condition: Condition): void {
    if (condition === this.#condition) return;
    this.#world.note(`service ${this.address} ${this.#condition} -> ${condition}`);
    const before = this.#condition;
    this.#condition = condition;
    if (condition === "down") this.#die();
    if (before === "down") this.#cold = this.#settings.cold?.requests ?? 0;
    for (const go of this.#held.splice(0)) go();
  }

  request(call: Call): void {
    if (call.head.target === HEALTH_PATH) this.checks.push(this.#world.now());
    else this.arrived++;
    this.#awake(() => this.#take(call));
  }

  #take(call: Call): void {
    if (this.#condition === "sick") return this.#says(call, 503, "Service Unavailable");
    if (call.head.target === HEALTH_PATH) return this.#says(call, 200, "OK");
    this.#queue.push(call);
    this.#next();
  }

  /** Callers that have gone are worked for all the same: the service cannot know. */
  #next(): void {
    while (this.#busy < this.#settings.workers) {
      const call = this.#queue.shift();
      if (call === undefined) return;
      this.#busy++;
      this.#later(this.#workTime(), () => this.#asks(call));
    }
  }

  #workTime(): number {
    const { time, cold } = this.#settings;
    const work = draw(time, this.#times) * this.factor;
    if (this.#cold === 0 || cold === undefined) return work;
    this.#cold--;
    return work * cold.factor;
  }

  #asks(call: Call): void {
    const { dependency } = this.#settings;
    if (dependency === undefined) return this.#done(call, false);
    const failed = dependency.condition !== "up";
    const time = draw(dependency.time, this.#times);
    const hangs = dependency.condition === "hangs";
    this.#later(hangs ? DEPENDENCY_TIMEOUT_MS : time, () => this.#done(call, failed));
  }

  #done(call: Call, failed: boolean): void {
    this.#busy--;
    const { reset, cut, error, garbage } = this.faults;
    const luck = this.#luck.next();
    if (failed || luck < error) this.#says(call, 500, "Internal Server Error");
    else if (luck < error + reset) call.from.cut();
    else if (luck < error + reset + garbage)
      call.from.answer("HTTP/1.1 200 OK\r\nno field\r\n\r\n");
    else if (luck < error + reset + garbage + cut) {
      const text = answerTo(call, 200, "OK", this.address);
      call.from.answer(text.slice(0, -2));
      call.from.cut();
    } else this.#says(call, 200, "OK");
    this.#next();
  }

  #says(call: Call, status: number, phrase: string): void {
    call.from.answer(answerTo(call, status, phrase, this.address));
    call.from.answered(false);
  }

  #later(ms: number, go: () => void): void {
    const life = this.#life;
    this.#world.after(ms, () => {
      if (life === this.#life) this.#awake(go);
    });
  }

  /** At once, or when the process is no longer stopped. */
  #awake(go: () => void): void {
    if (this.#condition === "hang") this.#held.push(go);
    else go();
  }

  #die(): void {
    this.#life++;
    this.#busy = 0;
    this.#queue = [];
    this.#held = [];
    for (const caller of [...this.callers]) caller.cut();
  }
}

/** The answer names who it was for, so that no caller takes another's for its own. */
function answerTo({ head }: Call, status: number, phrase: string, by: string): string {
  const id = head.fields.get(REQUEST_ID) ?? "";
  const fields = `content-length: 2\r\nx-answer-to: ${id}\r\nx-answer-by: ${by}\r\n`;
  return `HTTP/1.1 ${status} ${phrase}\r\n${fields}\r\nok`;
}
