// A request that may be hedged: when its first try is late a second one goes to another endpoint, and the
// first good answer is taken.
//
//   waits for one -- late --> waits for both -- a good answer --> decided; the other one is cancelled
//        | it ends                 | one fails
//        v                         v
//   there was no race       waits for the other -- it ends --> decided
//
// The exchange has one listener and one deadline: they are the race's until it is decided. Of a hundred requests
// one is late: what takes a second try to be needed is made when there is one.
import type { HedgeResult } from "../core/access.ts";
import type { Clock } from "../core/clock.ts";
import type { Exchange, ExchangeListener } from "../core/exchange.ts";
import type { Lag } from "../core/lag.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Attempt } from "./attempt.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Story } from "./record.ts";
import { Span } from "./span.ts";
import { Try } from "./try.ts";

/** What a race asks of its route. Times in milliseconds. */
export interface Hedging {
  /** After how long a try is late; Infinity for never. */
  delay(now: number): number;
  /** Where a second try goes beside `late`; paid for when there is such an endpoint. */
  another(story: Story, late: Try, now: number): Endpoint | undefined;
  /** When a try that begins `now` has to be answered. */
  until(now: number, deadline: number): number;
  /** Is it an answer that needs no other try? */
  isGood(outcome: Outcome, attempt: Attempt): boolean;
  /** A first try has taken so long, or was beaten by then. */
  observe(tookMs: number, now: number): void;
  /** What became of a second try. */
  count(result: HedgeResult): void;
}

/** The try that counts, its outcome, and when that was there. */
type Decision = readonly [tried: Try, outcome: Outcome, now: number];

/** What races share with the rest of the path. */
export interface RaceWorld {
  readonly clock: Clock;
  readonly lag: Lag;
}

const NEVER = Number.POSITIVE_INFINITY;
/** A difference of times may miss a whole number by a hair. */
const HAIR_MS = 0.001;

export class Race implements ExchangeListener {
  readonly #exchange: Exchange;
  readonly #story: Story;
  readonly #world: RaceWorld;
  readonly #hedging: Hedging;
  readonly #first: Try;
  #second: Try | undefined;
  /** Those of which more is to be heard. */
  #running: readonly Try[];
  readonly #delay: number;
  #hedgeAt: number;
  /** Once there are two. */
  #decided: PromiseWithResolvers<Decision> | undefined;

  /** Watches `first`, which has just begun. */
  constructor(exchange: Exchange, story: Story, first: Try, world: RaceWorld, hedging: Hedging) {
    this.#exchange = exchange;
    this.#story = story;
    this.#world = world;
    this.#hedging = hedging;
    this.#first = first;
    this.#running = [first];
    const { begun } = first.span;
    this.#delay = hedging.delay(begun);
    this.#hedgeAt = begun + this.#delay;
    exchange.listener = this;
    this.#arm();
  }

  /**
   * The first try has ended. Undefined if it was the only one; otherwise the one that counts, when what there was to
   * learn of the other one is learnt.
   */
  ended(outcome: Outcome, now: number): Promise<Decision> | undefined {
    if (this.#decided !== undefined) return this.#decided.promise;
    this.#running = [];
    this.#exchange.listener = this.#first.attempt;
    this.#times(this.#first, outcome, now);
    return undefined;
  }

  // What the client's side says.

  onGone(): void {
    for (const { attempt } of this.#running) attempt.onGone();
  }

  onDeadline(now: number): void {
    for (const { attempt } of this.#running) if (now >= attempt.due) attempt.onDeadline(now);
    if (now >= this.#hedgeAt) this.#hedge(this.#world.clock.now());
    this.#arm();
  }

  /** Nothing is written to the client yet. */
  onResponseDrain(): void {}

  /** The second try was sent a body that was whole: only the first can hold it up. */
  onBodyBlocked(): void {
    this.#first.attempt.onBodyBlocked();
  }

  /** Gives up whatever is still under way; nothing is, once it is decided. */
  settle(now: number): void {
    for (const each of this.#running) {
      each.attempt.cancel();
      each.settle(now);
    }
    this.#running = [];
  }

  #watch(each: Try, decided: PromiseWithResolvers<Decision>): void {
    const { outcome } = each.attempt;
    outcome
      .then((how) => this.#hears(each, how, decided))
      .catch((error) => {
        decided.reject(error);
        // Nobody waits for the decision while the first try is under way.
        this.#first.attempt.cancel();
      });
  }

  #arm(): void {
    let at = this.#hedgeAt;
    for (const { attempt } of this.#running) at = Math.min(at, attempt.due);
    this.#exchange.deadline(at);
  }

  /** Sends the second try, unless it is too early by the time that the endpoint has had. */
  #hedge(now: number): void {
    const exchange = this.#exchange;
    const first = this.#first;
    const early = this.#delay - (exchange.bodyWhole ? first.took(now) : 0);
    const possible = exchange.bodyKept && first.attempt.waits;
    this.#hedgeAt = possible && early > HAIR_MS ? now + early : NEVER;
    if (!possible || early > HAIR_MS) return;
    const endpoint = this.#hedging.another(this.#story, first, now);
    if (endpoint === undefined) return;
    const until = this.#hedging.until(now, this.#story.deadline);
    const second = new Try(exchange, this.#story, endpoint, new Span(now, until, this.#world.lag));
    this.#second = second;
    this.#running = [first, second];
    exchange.listener = this;
    const decided = Promise.withResolvers<Decision>();
    this.#decided = decided;
    // Whoever asks for it hears of a bug; before that it is no stray rejection.
    decided.promise.catch(() => {});
    for (const each of this.#running) this.#watch(each, decided);
  }

  #hears(each: Try, outcome: Outcome, decided: PromiseWithResolvers<Decision>): void {
    const others = this.#running.filter((other) => other !== each);
    // One that has lost is told that it was cancelled.
    if (others.length === this.#running.length) return;
    this.#running = others;
    const now = this.#world.clock.now();
    const good = this.#times(each, outcome, now);
    if (good || others.length === 0) {
      this.#decide(each, good, now);
      return decided.resolve([each, outcome, now]);
    }
    each.learns(outcome, now);
    each.leaves(now);
    this.#arm();
  }

  /** Is it a good answer? How long a first try took to it, or took too long, is told. */
  #times(each: Try, outcome: Outcome, now: number): boolean {
    const good = this.#hedging.isGood(outcome, each.attempt);
    const late = outcome === "timed_out" && !each.attempt.clientLate;
    if (each === this.#first && (good || late)) this.#hedging.observe(each.took(now), now);
    return good;
  }

  #decide(winner: Try, good: boolean, now: number): void {
    for (const loser of this.#running) {
      const beaten = loser === this.#first;
      if (beaten) this.#hedging.observe(loser.took(now), now);
      loser.loses(beaten ? "beaten" : "ignore", now);
    }
    this.#running = [];
    this.#exchange.deadline(NEVER);
    this.#exchange.listener = winner.attempt;
    const result = !good ? "failed" : winner === this.#second ? "won" : "lost";
    this.#story.hedge = result;
    this.#hedging.count(result);
  }
}
