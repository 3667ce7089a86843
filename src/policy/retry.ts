// May a request go again, and when?
//
//   final     how it ended is not among what the route tries again: `on`, `statuses`, perTryTimeout
//   denied    unsafe         doing it twice may do harm, or its body is not there any more
//             attempts       it has had its tries
//             already_retry  a trusted caller is retrying it: of several layers one retries
//             pushback       the endpoint, or a sidecar before it, asks not to be asked again now
//             deadline       it would be over before the wait is
//             budget         the budget of the route or of the cluster is spent
//   again     after the backoff; spent in both budgets from now on. What was never sent goes on at once
//             and for free to where it has not been yet: that is no load for anybody
//
// A hedge is a retry that does not wait for the end of the try before it: the same limits, the same budgets.
import { OUTCOMES, type Outcome } from "../core/outcome.ts";
import { type BackoffSettings, backoff } from "./backoff.ts";
import type { Budget } from "./budget.ts";

/** What `on` can name. */
export type RetryOn = "connectFailure" | "reset" | "refused";

/** What `grpc` can name. */
export type GrpcRetryOn = keyof typeof GRPC;

/** What the config says of a route's retries; times in milliseconds. */
export interface RetrySettings {
  /** How often a request may go again. */
  readonly attempts: number;
  readonly on: readonly RetryOn[];
  readonly statuses: readonly number[];
  /** After these statuses of gRPC, where they are all that was answered: such calls may be made twice. */
  readonly grpc?: readonly GrpcRetryOn[];
  /** For each try; 0 for the request's own deadline alone. */
  readonly perTryTimeout: number;
  readonly backoff: BackoffSettings;
  /** When a request goes out a second time while the first try waits; undefined for never. */
  readonly hedge?: HedgeSettings;
}

/** After how many milliseconds; or after the share of recent answers, in (0, 1), that were quicker. */
export interface HedgeSettings {
  readonly delay: { readonly ms: number } | { readonly share: number };
}

/** A try that has ended, and the request that made it; times in `Clock.now()` milliseconds. */
export interface Ended {
  readonly outcome: Outcome;
  /** What was answered; 0 when nothing was. */
  readonly status: number;
  /** That of gRPC, where it is all that was answered. */
  readonly grpc?: number | undefined;
  /** Did the answer ask not to be asked again now? */
  readonly pushback: boolean;
  readonly method: string;
  /** Could the body be sent once more from its beginning? */
  readonly bodyKept: boolean;
  /** How often it went again already, less what was free. */
  readonly retries: number;
  /** Could it go to an endpoint that it has not been to? */
  readonly elsewhere: boolean;
  /** As which try of its caller it came; 1 where nobody says. */
  readonly arrivedAs: number;
  readonly now: number;
  readonly deadline: number;
}

/** A request that waits for an answer. */
export type Waiting = Pick<Ended, "method" | "bodyKept" | "retries" | "arrivedAs">;

export type Denial = "unsafe" | "attempts" | "already_retry" | "pushback" | "deadline" | "budget";

export type Verdict =
  | { readonly kind: "final" }
  | { readonly kind: "denied"; readonly why: Denial }
  | { readonly kind: "again"; readonly waitMs: number; readonly free: boolean };

export const FINAL: Verdict = { kind: "final" };
/** At once, and without a price. */
export const FREE: Verdict = { kind: "again", waitMs: 0, free: true };

const MEANT: Readonly<Record<RetryOn, readonly Outcome[]>> = {
  connectFailure: ["unreachable", "saturated"],
  reset: ["reset", "cut"],
  // HTTP/1.1 has no way to say that a request was never looked at.
  refused: ["refused"],
};

/** https://github.com/grpc/grpc/blob/master/doc/statuscodes.md */
const GRPC = {
  cancelled: 1,
  deadlineExceeded: 4,
  resourceExhausted: 8,
  internal: 13,
  unavailable: 14,
} as const;

/** The endpoint never heard of it. */
const UNSENT: ReadonlySet<Outcome> = new Set(MEANT.connectFailure);

const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/** Does doing it twice no more than doing it once? RFC 9110 9.2.2, of the methods that are known. */
export function isIdempotent(method: string): boolean {
  return IDEMPOTENT.has(method);
}

/** The retries of one route. The route has a budget of its own, so that it cannot eat the cluster's. */
export class RetryPolicy {
  readonly #settings: RetrySettings;
  readonly #outcomes: ReadonlySet<Outcome>;
  readonly #statuses: ReadonlySet<number>;
  readonly #grpc: ReadonlySet<number>;
  readonly #budgets: readonly Budget[];

  /** Every one of `budgets` has to grant a retry. */
  constructor(settings: RetrySettings, budgets: readonly Budget[]) {
    const { attempts, on, statuses, grpc = [], perTryTimeout } = settings;
    const slow: readonly Outcome[] = perTryTimeout > 0 ? ["timed_out"] : [];
    this.#settings = settings;
    this.#outcomes = new Set(attempts > 0 ? [...on.flatMap((word) => MEANT[word]), ...slow] : []);
    this.#statuses = new Set(attempts > 0 ? statuses : []);
    this.#grpc = new Set(attempts > 0 ? grpc.map((word) => GRPC[word]) : []);
    this.#budgets = budgets;
  }

  /** When a try that begins `now` has to be answered. */
  until(now: number, deadline: number): number {
    const { perTryTimeout } = this.#settings;
    return perTryTimeout > 0 ? Math.min(deadline, now + perTryTimeout) : deadline;
  }

  /** Is this an ending after which the route would try again? */
  wants(outcome: Outcome, status: number, grpc?: number): boolean {
    if (outcome !== "answered") return this.#outcomes.has(outcome);
    return this.#statuses.has(status) || this.#mayCallAgain(grpc);
  }

  /** May a call be made twice that was answered by this status of gRPC and nothing else? */
  #mayCallAgain(grpc: number | undefined): boolean {
    return grpc !== undefined && this.#grpc.has(grpc);
  }

  /** Says whether the request goes again, and spends a retry when it does. `chance` is in [0, 1). */
  judge(ended: Ended, chance: number): Verdict {
    if (!this.wants(ended.outcome, ended.status, ended.grpc)) return FINAL;
    const { attempts, backoff: waits } = this.#settings;
    const { now, retries } = ended;
    const waitMs = backoff(waits, retries, chance);
    if (!isSafe(ended, this.#mayCallAgain(ended.grpc))) return DENIED.unsafe;
    if (ended.elsewhere && UNSENT.has(ended.outcome)) {
      return now < ended.deadline ? FREE : DENIED.deadline;
    }
    if (retries >= attempts) return DENIED.attempts;
    if (ended.arrivedAs > 1) return DENIED.already_retry;
    if (ended.pushback) return DENIED.pushback;
    if (now + waitMs >= ended.deadline) return DENIED.deadline;
    return this.spend(now) ? { kind: "again", waitMs, free: false } : DENIED.budget;
  }

  /** May it be sent once more while it waits for an answer, if `spend` grants it as well? */
  mayHedge({ method, bodyKept, retries, arrivedAs }: Waiting): boolean {
    const { attempts } = this.#settings;
    return isIdempotent(method) && bodyKept && retries < attempts && arrivedAs === 1;
  }

  /** Takes a retry out of every budget, if there is one left in each. */
  spend(now: number): boolean {
    if (this.#budgets.some((budget) => budget.remaining(now) < 1)) return false;
    for (const budget of this.#budgets) budget.spend(now);
    return true;
  }
}

/** `listed`: the config says that it is. */
function isSafe({ outcome, method, bodyKept }: Ended, listed: boolean): boolean {
  const { replay } = OUTCOMES[outcome];
  const idempotent = listed || isIdempotent(method);
  return bodyKept && (replay === "always" || (replay === "if_idempotent" && idempotent));
}

const DENIED: Readonly<Record<Denial, Verdict>> = {
  unsafe: { kind: "denied", why: "unsafe" },
  attempts: { kind: "denied", why: "attempts" },
  already_retry: { kind: "denied", why: "already_retry" },
  pushback: { kind: "denied", why: "pushback" },
  deadline: { kind: "denied", why: "deadline" },
  budget: { kind: "denied", why: "budget" },
};
