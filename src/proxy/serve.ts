// The whole life of a request, top to bottom. The order of the stages is the design.
import type { Exchange } from "../core/exchange.ts";
import { OUTCOMES, type Outcome } from "../core/outcome.ts";
import { Attempt } from "./attempt.ts";
import type { Cluster, Endpoint } from "./cluster.ts";
import {
  endsHere,
  expectedTimeout,
  isLoop,
  type Onward,
  requestIdOf,
  requestText,
} from "./headers.ts";
import { type Recorder, type RouteMeter, Story } from "./record.ts";
import { Reply, type ReplyWorld } from "./reply.ts";
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
  readonly meter: RouteMeter;
}

/** What every request of one listener meets. */
export interface Path extends ReplyWorld {
  readonly router: Router<Route>;
  readonly recorder: Recorder;
  /** Milliseconds a body may stand still. */
  readonly bodyIdle: number;
  /** A bug: a request ended in an exception. Only this request is lost. */
  bug(error: unknown): void;
}

/** Serves one request to its end and tells what became of it. Never rejects. */
export async function serve(exchange: Exchange, path: Path): Promise<void> {
  const { request } = exchange;
  const reply = new Reply(exchange, path);
  const route = path.router.match(request);
  const story = new Story(request, route, requestIdOf(request) ?? path.random.id());
  let now = exchange.startedAt;
  let grant: Grant | undefined;
  try {
    if (route === undefined) return reply.refuse("no_route");
    if (isLoop(request)) return reply.refuse("loop_detected");
    if (endsHere(request)) return reply.options();
    const deadline = deadlineOf(exchange, route);
    if (deadline <= now) return reply.refuse("deadline_expired");

    // Admission belongs here: limit, queue, criticality, fairness.
    grant = new Grant(route.cluster);

    for (let fresh = false; ; fresh = true) {
      // Health, breakers and tiers belong into pick().
      const endpoint = route.cluster.pick();
      if (endpoint === undefined) return reply.refuse("no_endpoint");
      const begun = now;
      const attempt = new Attempt(exchange, endpoint, {
        text: requestText(request, onward(exchange, story, endpoint, deadline - now)),
        fresh,
        now,
        deadline,
        upgrade: story.upgrade,
      });
      grant.tries(endpoint);
      const outcome = await attempt.outcome;
      exchange.deadline(Number.POSITIVE_INFINITY);
      now = path.clock.now();
      story.tried(endpoint, outcome, now - begun);
      if (outcome === "answered") {
        const relayed = reply.relay(attempt, path.bodyIdle);
        if (relayed === undefined) return;
        await relayed;
        now = path.clock.now();
        return;
      }
      // Retries, with their budget, belong here beside the one replay that needs none.
      if (fresh || !isStale(attempt, outcome, exchange)) return reply.fail(outcome, attempt.detail);
      route.cluster.countRetry(outcome);
    }
  } catch (error) {
    path.bug(error);
    exchange.truncate();
  } finally {
    grant?.settle();
    path.recorder.ended(exchange, reply, story, now);
  }
}

/** One place in a cluster, and at the endpoint that is tried: taken once, settled once. */
class Grant {
  readonly #cluster: Cluster;
  #endpoint: Endpoint | undefined;

  constructor(cluster: Cluster) {
    this.#cluster = cluster;
    cluster.inFlight.add(1);
  }

  /** The endpoint that works on it now. */
  tries(endpoint: Endpoint | undefined): void {
    if (this.#endpoint !== undefined) this.#endpoint.load--;
    if (endpoint !== undefined) endpoint.load++;
    this.#endpoint = endpoint;
  }

  settle(): void {
    this.tries(undefined);
    this.#cluster.inFlight.add(-1);
  }
}

function onward(exchange: Exchange, story: Story, endpoint: Endpoint, left: number): Onward {
  const { address } = endpoint;
  return {
    peer: exchange.peer,
    requestId: story.requestId,
    remainingMs: left,
    upgrade: story.upgrade,
    fallbackHost: address.kind === "tcp" ? address.text : "localhost",
  };
}

/** When the response head must be here: the client's patience or the route's, whichever ends first. */
function deadlineOf(exchange: Exchange, route: Route): number {
  const limit = route.timeout === 0 ? Number.POSITIVE_INFINITY : route.timeout;
  return exchange.startedAt + Math.min(limit, expectedTimeout(exchange.request, exchange.peer));
}

const IDEMPOTENT = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);

/**
 * Did the request meet a connection that the server was closing already? Then it may go again, once,
 * when doing it twice does no harm and its body is still whole: RFC 9112 9.3.1.
 */
function isStale(attempt: Attempt, outcome: Outcome, exchange: Exchange): boolean {
  const repeatable = IDEMPOTENT.has(exchange.request.method) && exchange.bodyKept && !exchange.gone;
  return attempt.reused && OUTCOMES[outcome].replay === "if_idempotent" && repeatable;
}
