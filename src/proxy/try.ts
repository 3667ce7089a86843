// One try of a request: what is sent, the place that it takes at its endpoint, and what it teaches.
import type { Coming, Verdict } from "../core/breaker.ts";
import { CRITICALITIES } from "../core/criticality.ts";
import type { Exchange } from "../core/exchange.ts";
import { OUTCOMES, type Outcome } from "../core/outcome.ts";
import { Attempt } from "./attempt.ts";
import type { Endpoint } from "./endpoint.ts";
import { attemptCount, type Onward, requestText } from "./headers.ts";
import type { Plan } from "./plan.ts";
import type { Story } from "./record.ts";
import type { Span } from "./span.ts";
import { endVerdictOf, verdictOf } from "./verdict.ts";

/**
 * Takes a place at its endpoint once, and settles it once. The verdict is told as soon as it is known: at the
 * head, or at the end of an answer that was good so far; the endpoint's load goes down at the end in any
 * case.
 */
export class Try {
  readonly attempt: Attempt;
  readonly span: Span;
  readonly #story: Story;
  /** What the endpoint's breaker has granted. */
  readonly #call: number;
  #learnt = false;
  /** A good answer of which more is to come. */
  #coming: Coming | undefined;
  #settled = false;

  /** Sends the request to `endpoint`, which works on it from the beginning of `span` on. */
  constructor(exchange: Exchange, story: Story, endpoint: Endpoint, span: Span) {
    this.#story = story;
    this.span = span;
    story.attempts++;
    this.attempt = new Attempt(exchange, endpoint, planOf(exchange, story, endpoint, span));
    this.#call = endpoint.enter(span.begun);
  }

  /** How long the endpoint has taken by `now`, or until its response began. */
  took(now: number): number {
    return this.span.took(now, this.attempt.bodySentAt);
  }

  /** It has ended, or its response has begun, `now`: what that says. A good answer does so when it is whole. */
  learns(outcome: Outcome, now: number): void {
    const { attempt, span } = this;
    this.#story.tried(attempt.endpoint, outcome, now - span.begun);
    const verdict = verdictOf(attempt, outcome, now - span.until);
    const tookMs = this.took(now);
    if (attempt.head !== undefined) attempt.endpoint.heed?.hears(attempt.head);
    if (OUTCOMES[outcome].limiter === "learns" && verdict !== "ignore" && !span.late) {
      this.#story.teaches(span.awake(now), tookMs, outcome === "answered");
    }
    if (verdict === "success" && !attempt.whole) {
      this.#coming = { since: now, tookMs };
      attempt.endpoint.answers(this.#call, this.#coming);
    } else this.#tells(verdict, now, tookMs);
  }

  /** Another try was answered first. `verdict` is what that says of the endpoint. */
  loses(verdict: Verdict, now: number): void {
    const tookMs = this.took(now);
    this.attempt.cancel();
    this.#story.tried(this.attempt.endpoint, "cancelled", now - this.span.begun);
    this.#tells(verdict, now, tookMs);
    this.settle(now);
  }

  /** The answer of which more was to come has ended. */
  ends(now: number): void {
    this.#ends(endVerdictOf(this.attempt), now);
  }

  /** It is given up, and what it may have been answered. */
  leaves(now: number): void {
    this.attempt.drop();
    this.#story.leaves(this.attempt.endpoint);
    this.settle(now);
  }

  /** Gives the place back, if that was not done yet. */
  settle(now: number): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#ends("ignore", now);
    this.attempt.endpoint.leave();
  }

  #tells(verdict: Verdict, now: number, tookMs: number): void {
    this.#learnt = true;
    this.attempt.endpoint.settle(this.#call, verdict, now, tookMs);
  }

  #ends(verdict: Verdict, now: number): void {
    if (this.#learnt) return;
    this.#learnt = true;
    this.attempt.endpoint.ends(this.#call, verdict, now, this.#coming);
  }
}

/** What `endpoint` is sent, and until when it may take to answer. */
function planOf(exchange: Exchange, story: Story, endpoint: Endpoint, span: Span): Plan {
  return {
    text: requestText(exchange.request, onward(exchange, story, endpoint, span)),
    fresh: story.replayed,
    now: span.begun,
    deadline: span.until,
    upgrade: story.upgrade,
    grpc: story.grpc,
    callDeadline: story.callDeadline,
    hasty: story.callDeadline <= span.until && !exchange.peer.trusted,
  };
}

function onward(exchange: Exchange, story: Story, endpoint: Endpoint, span: Span): Onward {
  const { address, heed } = endpoint;
  return {
    peer: exchange.peer,
    requestId: story.requestId,
    attempt: story.attempts - 1 + attemptCount(exchange.request, exchange.peer),
    remainingMs: span.until - span.begun,
    upgrade: story.upgrade,
    timed: story.callDeadline < Number.POSITIVE_INFINITY,
    // The class by which it was let through must be its class there, too.
    criticality: heed && CRITICALITIES[story.rank],
    fallbackHost: address.kind === "tcp" ? address.text : "localhost",
  };
}
