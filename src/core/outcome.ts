// How one attempt at one endpoint can end, and what follows from it.
import type { Reason } from "./refusal.ts";

/** What an outcome means for the request that made the attempt. */
export interface Lesson {
  /** The refusal that the client gets when no further attempt is made. */
  readonly refusal: Reason | undefined;
  /**
   * May the same request go again? `always`: the endpoint cannot have seen it. `if_idempotent`:
   * it may have been processed, so only a method that may be repeated. In either case its body
   * must still be there from its beginning.
   */
  readonly replay: "never" | "if_idempotent" | "always";
}

export const OUTCOMES = {
  /** A final response head arrived; some routes try again after some statuses. */
  answered: { refusal: undefined, replay: "if_idempotent" },
  /** No connection: refused, unreachable, or not established within connectTimeout. */
  unreachable: { refusal: "connect_failed", replay: "always" },
  /** The endpoint's connections are all in use; nothing was sent. */
  saturated: { refusal: "no_endpoint", replay: "always" },
  /** The connection ended before the first byte of a response. */
  reset: { refusal: "upstream_reset", replay: "if_idempotent" },
  /** The connection ended inside the response head. */
  cut: { refusal: "upstream_reset", replay: "if_idempotent" },
  /** What arrived is not HTTP as wire.md wants it. */
  malformed: { refusal: "upstream_protocol", replay: "never" },
  /** No response head before the deadline, or within the route's perTryTimeout. */
  timed_out: { refusal: "upstream_timeout", replay: "if_idempotent" },
  /** The client went away, or its body turned out to be malformed. */
  cancelled: { refusal: undefined, replay: "never" },
} as const satisfies Record<string, Lesson>;

export type Outcome = keyof typeof OUTCOMES;
