// The whole life of a request, top to bottom. The order of the stages is the design.
import type { Coming, Verdict } from "../core/breaker.ts";
import type { Exchange } from "../core/exchange.ts";
import type { Lag } from "../core/lag.ts";
import { Attempt, type Plan, verdictOf } from "./attempt.ts";
import type { Cluster } from "./cluster.ts";
import type { Endpoint } from "./endpoint.ts";
import {
  attemptCount,
  endsHere,
  expectedTimeout,
  isLoop,
  type Onward,
  requestIdOf,
  requestText,
} from "./headers.ts";
import { pause } from "./pause.ts";
import { type Recorder, type RouteMeter, Story } from "./record.ts";
import { Reply, type ReplyWorld } from "./reply.ts";
import type { Retries } from "./retries.ts";
import type { Match, Router } from "./router.ts";

/** A route at work. */
export interface Route {
  readonly name: string;
  readonly match: Match;
  readonly cluster: Cluster;
  /** The whole request up to the response head, in milliseconds; 0 for no limit. */
  readonly timeout: number;
  /** Protocols, in lower case, that a client may upgrade to. */
  readonly upgrades: readonly string[];
  readonly retries: Retries;
  readonly meter: RouteMeter;
}

/** What every request of one listener meets. */
export interface Path extends ReplyWorld {
  readonly router: Router<Route>;
  readonly recorder: Recorder;
  /** How late this process is itself. */
  readonly lag: Lag;
  /** Milliseconds a body may stand still. */
  readonly bodyIdle: number;
  /** A bug: a request ended in an exception. Only this request is lost. */
  bug(error: unknown): void;
}

/** Serves one request to its end and tells what became of it. Never rejects. */
export async function serve(exchange: Exchange, path: Path): Promise<void> {
  let now = exchange.startedAt;
  let reply: Reply | undefined;
  let story: Story | undefined;
  let grant: Grant | undefined;
  try {
    const route = path.router.match(exchange.request);
    reply = new Reply(exchange, path, route?.cluster.fallback);
    const id = requestIdOf(exchange.request) ?? path.random.id();
    story = new Story(exchange.request, route, id);
    if (route === undefined) return reply.refuse("no_route");
    if (isLoop(exchange.request)) return reply.refuse("loop_detected");
    if (endsHere(exchange.request)) return reply.options();
    story.deadline = deadlineOf(exchange, route);
    if (story.deadline <= now) return reply.refuse("deadline_expired");

    // Admission belongs here: limit, queue, criticality, fairness.
    grant = new Grant(route.cluster);
    route.retries.count(now);

    for (;;) {
      const endpoint = route.cluster.pick(story.visited, now);
      if (endpoint === undefined) return reply.refuse("no_endpoint");
      story.begins(now, route.retries.until(now, story.deadline), path.lag);
      const attempt = new Attempt(exchange, endpoint, planOf(exchange, story, endpoint));
      grant.tries(endpoint, now);
      const outcome = await attempt.outcome;
      now = path.clock.now();
      story.tried(endpoint, outcome, now);
      const verdict = verdictOf(attempt, outcome, now - story.until);
      grant.learns(verdict, attempt.whole, now, story.took(now, path.lag, attempt.bodySentAt));
      const decision = route.retries.judge(exchange, story, attempt, now);
      if (decision.kind !== "again") {
        const relayed = reply.end(outcome, attempt, path.bodyIdle);
        if (relayed === undefined) return;
        await relayed;
        now = path.clock.now();
        return grant.ends(attempt.verdict, now);
      }
      grant.leaves(attempt, now);
      story.leaves(endpoint);
      const wanted = await pause(exchange, now, decision.waitMs);
      now = path.clock.now();
      if (!wanted) return reply.giveUp();
      route.cluster.meter.retries.add(outcome);
    }
  } catch (error) {
    path.bug(error);
    exchange.truncate();
  } finally {
    if (reply && story) path.recorder.ended(exchange, reply, story, now);
    grant?.settle(now);
    exchange.settled();
  }
}

/**
 * One place in a cluster, and at the endpoint that is tried: taken once, settled once. The verdict is told as
 * soon as it is known: at the head, or at the end of an answer that was good so far; the endpoint's load
 * goes down at the end in any case.
 */
class Grant {
  readonly #cluster: Cluster;
  #endpoint: Endpoint | undefined;
  /** What the endpoint's breaker has granted. */
  #call = 0;
  #learnt = false;
  /** A good answer of which more is to come. */
  #coming: Coming | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.enter();
  }

  /** `endpoint` works on it from `now` on. */
  tries(endpoint: Endpoint, now: number): void {
    this.#call = endpoint.enter(now);
    this.#endpoint = endpoint;
    this.#learnt = false;
    this.#coming = undefined;
  }

  /** What the try says of the endpoint; a good answer does so when it is `whole`. */
  learns(verdict: Verdict, whole: boolean, now: number, tookMs: number): void {
    if (verdict === "success" && !whole) {
      this.#coming = { since: now, tookMs };
      this.#endpoint?.answers(this.#call, this.#coming);
      return;
    }
    this.#learnt = true;
    this.#endpoint?.settle(this.#call, verdict, now, tookMs);
  }

  /** The answer of which more was to come has ended. */
  ends(verdict: Verdict, now: number): void {
    if (this.#learnt) return;
    this.#learnt = true;
    this.#endpoint?.ends(this.#call, verdict, now, this.#coming);
  }

  /** The attempt is given up, and what it may have been answered. */
  leaves(attempt: Attempt, now: number): void {
    attempt.drop();
    this.#leaves(now);
  }

  settle(now: number): void {
    this.#leaves(now);
    this.#cluster.leave();
  }

  #leaves(now: number): void {
    this.ends("ignore", now);
    this.#endpoint?.leave();
    this.#endpoint = undefined;
  }
}

/** What `endpoint` is sent, and until when it may take to answer. */
function planOf(exchange: Exchange, story: Story, endpoint: Endpoint): Plan {
  return {
    text: requestText(exchange.request, onward(exchange, story, endpoint)),
    fresh: story.replayed,
    now: story.begun,
    deadline: story.until,
    upgrade: story.upgrade,
  };
}

function onward(exchange: Exchange, story: Story, { address }: Endpoint): Onward {
  return {
    peer: exchange.peer,
    requestId: story.requestId,
    attempt: story.attempts + attemptCount(exchange.request, exchange.peer),
    remainingMs: story.until - story.begun,
    upgrade: story.upgrade,
    fallbackHost: address.kind === "tcp" ? address.text : "localhost",
  };
}

/** When the response head must be here: the client's patience or the route's, whichever ends first. */
function deadlineOf(exchange: Exchange, route: Route): number {
  const limit = route.timeout === 0 ? Number.POSITIVE_INFINITY : route.timeout;
  return exchange.startedAt + Math.min(limit, expectedTimeout(exchange.request, exchange.peer));
}
