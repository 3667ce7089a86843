// The whole life of a request, top to bottom. The order of the stages is the design.
import type { Exchange } from "../core/exchange.ts";
import { OUTCOMES, type Outcome } from "../core/outcome.ts";
import { Attempt, type Plan } from "./attempt.ts";
import type { Cluster, Endpoint } from "./cluster.ts";
import { endsHere, expectedTimeout, isLoop, requestIdOf, requestText } from "./headers.ts";
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
}

/** Serves one request to its end and tells what became of it. Never throws for what a peer does. */
export async function serve(exchange: Exchange, path: Path): Promise<void> {
  const { request } = exchange;
  const reply = new Reply(exchange, path);
  const route = path.router.match(request);
  const story = new Story(route, requestIdOf(request) ?? path.random.id());
  try {
    if (route === undefined) return reply.refuse("no_route");
    if (isLoop(request)) return reply.refuse("loop_detected");
    if (endsHere(request)) return reply.options();
    const deadline = deadlineOf(exchange, route);
    if (deadline <= exchange.startedAt) return reply.refuse("deadline_expired");

    // Admission belongs here: limit, queue, criticality, fairness.

    await forward({ exchange, reply, route, story, deadline, path });
  } finally {
    path.recorder.ended(exchange, reply, story, route?.meter);
  }
}

/** A request that has been admitted. */
interface Admitted {
  readonly exchange: Exchange;
  readonly reply: Reply;
  readonly route: Route;
  readonly story: Story;
  readonly deadline: number;
  readonly path: Path;
}

/** Tries endpoints until one has answered, or until no further try is safe. */
async function forward(admitted: Admitted): Promise<void> {
  const { exchange, reply, route, story, path } = admitted;
  const { cluster } = route;
  cluster.inFlight.add(1);
  try {
    for (let fresh = false; ; fresh = true) {
      // Health, breakers and tiers belong into pick().
      const endpoint = cluster.pick();
      if (endpoint === undefined) return reply.refuse("no_endpoint");
      const now = path.clock.now();
      const attempt = new Attempt(exchange, endpoint, plan(admitted, endpoint, now, fresh));
      const outcome = await attempt.outcome;
      exchange.deadline(Number.POSITIVE_INFINITY);
      cluster.attemptDuration.observe((path.clock.now() - now) / 1000);
      story.tried(endpoint, outcome);
      if (outcome === "answered") await reply.relay(attempt, path.bodyIdle);
      endpoint.load--;
      if (outcome === "answered") return;
      // Retries, with their budget, belong here beside the one replay that needs none.
      if (fresh || !isStale(attempt, outcome, exchange)) return reply.fail(outcome, attempt.detail);
      cluster.countRetry(outcome);
    }
  } finally {
    cluster.inFlight.add(-1);
  }
}

function plan(admitted: Admitted, endpoint: Endpoint, now: number, fresh: boolean): Plan {
  const { exchange, route, story, deadline } = admitted;
  const { request, peer } = exchange;
  const upgrade = route.upgrades.includes(request.upgrade ?? "") ? request.upgrade : undefined;
  const text = requestText(request, {
    peer,
    requestId: story.requestId,
    remainingMs: deadline - now,
    fallbackHost: endpoint.address.kind === "tcp" ? endpoint.address.text : "localhost",
    upgrade,
  });
  return { text, fresh, now, deadline, upgrade };
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
