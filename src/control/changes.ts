// What has changed of late: each change is a line of the log, and one of the last thousand in `GET /events`.
import type { Logger } from "pino";
import type { BreakerChange } from "../core/breaker.ts";
import type { Clock } from "../core/clock.ts";
import type { StageChange } from "../policy/selfprotection.ts";
import type { TierChange } from "../policy/tier.ts";

/** One change of a state. */
export interface Change {
  /** When, as an ISO 8601 time. */
  readonly time: string;
  /**
   * What: `breaker`, `health`, `override`, `tier`, `discovery`, `name`, `config`, `certificate` or
   * `protection`.
   */
  readonly subject: string;
  /** Whose it is: a cluster and an endpoint, name or listener; empty where it is nobody's in particular. */
  readonly cluster: string;
  readonly endpoint: string;
  readonly from: string;
  readonly to: string;
  readonly reason: string;
}

/** What is worth a warning: somebody gets no more requests. */
const WORSE: ReadonlySet<string> = new Set([
  ...["open", "unhealthy", "drain", "failing"],
  ...["backups", "fallback", "nobody", "refused"],
  ...["shedding", "critical_only", "pausing"],
]);
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

  tier(cluster: string, change: TierChange): void {
    this.add({ subject: "tier", cluster, endpoint: "", ...change });
  }

  /** Of this process itself. */
  protection(change: StageChange): void {
    this.add({ subject: "protection", cluster: "", endpoint: "", ...change });
  }

  /** Keeps a change that has just been made, and logs it. */
  add(change: Omit<Change, "time">): void {
    this.keep(change);
    const { subject, ...facts } = change;
    this.#log[WORSE.has(change.to) ? "warn" : "info"](facts, subject);
  }

  /** Keeps a change of which the log has heard already, and in more words. */
  keep(change: Omit<Change, "time">): void {
    const time = new Date(this.#clock.wall()).toISOString();
    this.#kept.push({ time, ...change });
    if (this.#kept.length > KEPT) this.#kept.shift();
  }

  /** The last ones as JSON, the oldest first. */
  print(): string {
    return `${JSON.stringify(this.#kept, undefined, 2)}\n`;
  }
}
