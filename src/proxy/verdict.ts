// What an attempt says of its endpoint to the breaker: with the head of its response, and at the end.
import type { Verdict } from "../core/breaker.ts";
import { idOf } from "../core/fields.ts";
import { httpStatusOf, UNKNOWN } from "../core/grpc.ts";
import { STALL_MS } from "../core/lag.ts";
import { OUTCOMES, type Outcome } from "../core/outcome.ts";
import type { Attempt } from "./attempt.ts";

const REASON = idOf("x-tidegate-reason");

/** How an attempt has gone so far. */
export type Gone = Pick<
  Attempt,
  "head" | "clientLate" | "hasty" | "truncated" | "overdue" | "whole" | "grpc" | "grpcStatus"
>;

/**
 * What an attempt says of its endpoint. An answer with a status from 500 on is a failure, but for two that
 * say that the request asks for too much; what a sidecar before the endpoint refused says nothing, nor
 * does a deadline that ended while the client was still sending, that anybody may have set, or that was noticed
 * `lateMs` milliseconds after it, because nobody here was looking.
 */
export function verdictOf(gone: Gone, outcome: Outcome, lateMs: number): Verdict {
  const { head, clientLate, hasty, truncated } = gone;
  if (outcome === "timed_out" && (clientLate || hasty || lateMs > STALL_MS)) return "ignore";
  if (truncated) return "failure";
  return head === undefined ? OUTCOMES[outcome].breaker : judged(gone);
}

/** What a response that was a success by its head says of the endpoint, now that it has ended. */
export function endVerdictOf(gone: Gone): Verdict {
  const { overdue, hasty, truncated, whole } = gone;
  if (overdue && hasty) return "ignore";
  if (truncated || overdue) return "failure";
  return whole ? judged(gone) : "ignore";
}

function judged(gone: Gone): Verdict {
  const status = statusOf(gone);
  if (status < 500) return "success";
  if (gone.head !== undefined && gone.head.fields.find(REASON) >= 0) return "ignore";
  return status === 501 || status === 505 ? "success" : "failure";
}

/** The status of HTTP. Of a call its own says more; one that ends without has failed. */
function statusOf({ head, grpc, grpcStatus, whole }: Gone): number {
  const status = head?.status ?? 0;
  if (!grpc || status !== 200) return status;
  if (grpcStatus === undefined) return whole ? httpStatusOf(UNKNOWN) : status;
  return httpStatusOf(grpcStatus);
}
