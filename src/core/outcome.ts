// How one attempt at one endpoint can end, and what follows from it.
import type { Verdict } from "./breaker.ts";
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
  /** What it says of the endpoint to its breaker; of an answer, the status decides. */
  readonly breaker: Verdict;
  /** Does its time say how busy the service is? No answer in time is the worst answer. */
  readonly limiter: "learns" | "ignores";
}

export const OUTCOMES = {
  /** A final response head arrived; some routes try again after some statuses. */
  answered: { refusal: undefined, replay: "if_idempotent", breaker: "success", limiter: "learns" },
  /** No connection: refused, unreachable, or not established within connectTimeout. */
  unreachable: {
    refusal: "connect_failed",
    replay: "always",
    breaker: "failure",
    limiter: "ignores",
  },
  /** The endpoint's connections are all in use; nothing was sent. */
  saturated: { refusal: "no_endpoint", replay: "always", breaker: "ignore", limiter: "ignores" },
  /**
   * It says that it has not processed the request (HTTP/2: REFUSED_STREAM, above the last id of a GOAWAY), or the
   * request never left. That is how a service turns requests away, or away from a connection: no sign of sickness.
   */
  refused: { refusal: "upstream_reset", replay: "always", breaker: "ignore", limiter: "ignores" },
  /** The connection ended before the first byte of a response. */
  reset: {
    refusal: "upstream_reset",
    replay: "if_idempotent",
    breaker: "failure",
    limiter: "ignores",
  },
  /** The connection ended inside the response head. */
  cut: {
    refusal: "upstream_reset",
    replay: "if_idempotent",
    breaker: "failure",
    limiter: "ignores",
  },
  /** What arrived is not HTTP as wire.md wants it. */
  malformed: {
    refusal: "upstream_protocol",
    replay: "never",
    breaker: "failure",
    limiter: "ignores",
  },
  /** No response head before the deadline, or within the route's perTryTimeout. */
  timed_out: {
    refusal: "upstream_timeout",
    replay: "if_idempotent",
    breaker: "failure",
    limiter: "learns",
  },
  /** The client went away, its body turned out to be malformed, or another try was answered first. */
  cancelled: { refusal: undefined, replay: "never", breaker: "ignore", limiter: "ignores" },
} as const satisfies Record<string, Lesson>;

export type Outcome = keyof typeof OUTCOMES;
