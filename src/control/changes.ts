// What has changed of late: each change is a line of the log, and one of the last thousand in `GET /events`.
import type { Logger } from "pino";
import type { BreakerChange } from "../core/breaker.ts";
import type { Clock } from "../core/clock.ts";

/** One change of a state. */
export interface Change {
  /** When, as an ISO 8601 time. */
  readonly time: string;
  /** What: `breaker`, `health`, `override`, `discovery` or `name`, and the cluster and endpoint or name whose it is. */
  readonly subject: string;
  readonly cluster: string;
  readonly endpoint: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** What is worth a warning: somebody gets no more requests. */
const WORSE = new Set(["open", "unhealthy", "drain", "failing"]);
const KEPT = 1000;

export class Changes {
  readonly #log: Logger;
  readonly #clock: Clock;
  readonly #kept: Change[] = [];

  constructor(log: Logger, clock: Clock) {
    this.#log = log;
    this.#clock = clock;
  }

  breaker(cluster: string, endpoint: string, { from, to, reason }: BreakerChange): void {
    this.add({ subject: "breaker", cluster, endpoint, from, to, reason });
  }

  /** Keeps a change that has just been made, and logs it. */
  add(change: Omit<Change, "time">): void {
    const time = new Date(this.#clock.wall()).toISOString();
    this.#kept.push({ time, ...change });
    if (this.#kept.length > KEPT) this.#kept.shift();
    const { subject, ...facts } = change;
    this.#log[WORSE.has(change.to) ? "warn" : "info"](facts, subject);
  }

  /** The last ones as JSON, the oldest first. */
  print(): string {
    return `${JSON.stringify(this.#kept, undefined, 2)}\n`;
  }
}
