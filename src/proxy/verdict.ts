// What an attempt says of its endpoint to the breaker: with the head of its response, and at the end.
import type { Verdict } from "../core/breaker.ts";
import { idOf } from "../core/fields.ts";
import { STALL_MS } from "../core/lag.ts";
import { OUTCOMES, type Outcome } from "../core/outcome.ts";
import type { Attempt } from "./attempt.ts";

const REASON = idOf("x-tidegate-reason");

/**
 * What an attempt says of its endpoint. An answer with a status from 500 on is a failure, but for two that
 * say that the request asks for too much; what a sidecar before the endpoint refused says nothing, nor
 * does a deadline that ended while the client was still sending, that anybody may have set, or that was noticed
 * `lateMs` milliseconds after it, because nobody here was looking.
 */
export function verdictOf(
  {
    head,
    clientLate,
    hasty,
    truncated,
  }: Pick<Attempt, "head" | "clientLate" | "hasty" | "truncated">,
  outcome: Outcome,
  lateMs: number,
): Verdict {
  if (outcome === "timed_out" && (clientLate || hasty || lateMs > STALL_MS)) return "ignore";
  if (truncated) return "failure";
  if (head === undefined || head.status < 500) return OUTCOMES[outcome].breaker;
  if (head.fields.find(REASON) >= 0) return "ignore";
  return head.status === 501 || head.status === 505 ? "success" : "failure";
}

/** What a response that was a success by its head says of the endpoint, now that it has ended. */
export function endVerdictOf({
  overdue,
  hasty,
  truncated,
  whole,
}: Pick<Attempt, "overdue" | "hasty" | "truncated" | "whole">): Verdict {
  if (overdue && hasty) return "ignore";
  if (truncated || overdue) return "failure";
  return whole ? "success" : "ignore";
}
