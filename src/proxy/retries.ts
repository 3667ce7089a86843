// The retries of one route at work: tells the policy what it asks about, and the metrics what it said.
import type { Random } from "../core/clock.ts";
import type { Exchange, ResponseHead } from "../core/exchange.ts";
import { idOf } from "../core/fields.ts";
import { statusIn } from "../core/grpc.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Budget } from "../policy/budget.ts";
import {
  type Denial,
  FINAL,
  FREE,
  isIdempotent,
  RetryPolicy,
  type RetrySettings,
  type Verdict,
} from "../policy/retry.ts";
import type { Attempt } from "./attempt.ts";
import type { Cluster } from "./cluster.ts";
import { attemptCount } from "./headers.ts";
import type { Story } from "./record.ts";

/** What retries share with the rest of the sidecar. */
export interface RetryWorld {
  readonly random: Random;
}

const RETRY_AFTER = idOf("retry-after");
const REASON = idOf("x-tidegate-reason");

export class Retries {
  readonly #policy: RetryPolicy;
  readonly #route: Budget;
  readonly #cluster: Cluster;
  readonly #world: RetryWorld;

  /** `route` is the budget of the route, of the same size as the cluster's. */
  constructor(settings: RetrySettings, cluster: Cluster, route: Budget, world: RetryWorld) {
    this.#cluster = cluster;
    this.#world = world;
    this.#route = route;
    this.#policy = new RetryPolicy(settings, [this.#route, cluster.budget]);
  }

  /** A request has come. */
  count(now: number): void {
    this.#route.count(now);
    this.#cluster.budget.count(now);
  }

  /** When a try that begins `now` has to be answered. */
  until(now: number, deadline: number): number {
    return this.#policy.until(now, deadline);
  }

  /** Is this an ending after which the route would try again? */
  wants(outcome: Outcome, status: number): boolean {
    return this.#policy.wants(outcome, status);
  }

  /** May a request that waits for its answer be sent once more meanwhile, if `spend` grants it as well? */
  mayHedge({ request, peer, bodyKept }: Exchange, { retries }: Story): boolean {
    const { method } = request;
    const arrivedAs = attemptCount(request, peer);
    return this.#policy.mayHedge({ method, bodyKept, retries, arrivedAs });
  }

  /** Takes a retry out of both budgets, if there is one left in each. */
  spend(now: number): boolean {
    return this.#policy.spend(now);
  }

  /** Does the request go again after `attempt`, of which the story knows? The story learns why not. */
  judge(exchange: Exchange, story: Story, attempt: Attempt, now: number): Verdict {
    const { outcome } = story;
    if (isStale(exchange, story, attempt)) {
      story.replayed = true;
      story.free++;
      return FREE;
    }
    const { head } = attempt;
    const status = head?.status ?? 0;
    const grpc = story.grpc ? statusIn(head?.fields) : undefined;
    if (outcome === undefined || !this.#policy.wants(outcome, status, grpc)) return FINAL;
    const { request, peer, bodyKept } = exchange;
    const { deadline, retries } = story;
    const elsewhere = this.#cluster.hasOther(story.visited, attempt.endpoint, now);
    const arrivedAs = attemptCount(request, peer);
    const pushback = outcome === "answered" && head !== undefined && pushesBack(head);
    const { method } = request;
    const verdict = this.#policy.judge(
      {
        ...{ outcome, status, grpc, pushback, method, bodyKept },
        ...{ retries, elsewhere, arrivedAs, now, deadline },
      },
      this.#world.random.next(),
    );
    if (verdict.kind === "denied") this.#denied(verdict.why, story);
    else if (verdict.kind === "again" && verdict.free) story.free++;
    return verdict;
  }

  #denied(reason: Denial, story: Story): void {
    story.denied = reason;
    this.#cluster.meter.denied.add(reason);
  }
}

/**
 * Did the request meet a connection that the server was closing already? Then it goes again, once, when doing
 * it twice does no harm and its body is still whole: RFC 9112 9.3.1, and RFC 9113 6.8, by which the server has
 * not seen it. That is the price of keeping connections, no sign of trouble, so no budget pays for it.
 */
function isStale(exchange: Exchange, story: Story, attempt: Attempt): boolean {
  const unseen = story.outcome === "refused";
  if (!attempt.reused || story.replayed || !exchange.bodyKept) return false;
  return unseen || (story.outcome === "reset" && isIdempotent(exchange.request.method));
}

/** Whoever sheds says so: a retry would be the load that it sheds. */
function pushesBack({ fields }: ResponseHead): boolean {
  const said = fields.find(RETRY_AFTER) >= 0 || fields.find(REASON) >= 0;
  return said || SHEDDING.some((name) => fields.named(name).length > 0);
}

const SHEDDING = ["x-envoy-overloaded", "grpc-retry-pushback-ms"];
