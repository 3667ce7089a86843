// The whole life of a request, top to bottom. The order of the stages is the design.
import type { Exchange } from "../core/exchange.ts";
import type { Lag } from "../core/lag.ts";
import type { Cluster } from "./cluster.ts";
import type { Entrance } from "./entrance.ts";
import { callTimeout, endsHere, expectedTimeout, isLoop, requestIdOf } from "./headers.ts";
import type { Hedges } from "./hedges.ts";
import { pause } from "./pause.ts";
import type { Race } from "./race.ts";
import { type Recorder, Story } from "./record.ts";
import { Reply, type ReplyWorld } from "./reply.ts";
import type { Retries } from "./retries.ts";
import type { RouteMeter } from "./routemeter.ts";
import type { Match, Router } from "./router.ts";
import { Span } from "./span.ts";
import { Try } from "./try.ts";

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
  readonly hedges: Hedges | undefined;
  readonly entrance: Entrance;
  readonly meter: RouteMeter;
}

/** What every request of one listener meets. */
export interface Path extends ReplyWorld {
  readonly router: Router<Route>;
  readonly recorder: Recorder;
  /** What gives way when this process cannot keep up. */
  readonly protection: { refuses(rank: number): boolean; readonly closes: boolean };
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
  let entered: Cluster | undefined;
  let tried: Try | undefined;
  let race: Race | undefined;
  try {
    const route = path.router.match(exchange.request);
    story = new Story(exchange, route, requestIdOf(exchange.request) ?? path.random.id());
    reply = new Reply(exchange, path, route?.cluster, story.grpc);
    if (route === undefined) return reply.refuse("no_route");
    if (path.protection.refuses(story.rank)) return reply.refuse("self_overload");
    if (isLoop(exchange.request)) return reply.refuse("loop_detected");
    if (endsHere(exchange.request)) return reply.options();
    if (!setDeadlines(story, exchange, route)) return reply.refuse("bad_request", BAD_TIMEOUT);
    if (story.deadline <= now) return reply.refuse("deadline_expired");

    entered = route.cluster;
    const queued = entered.enter(exchange, story, route.entrance, now);
    if (queued !== undefined) now = await queued;
    if (!story.admitted) return reply.turnAway(story.refused);
    route.retries.count(now);
    for (;;) {
      const endpoint = route.cluster.pick(story.visited, now);
      if (endpoint === undefined) return reply.refuse("no_endpoint");
      const span = new Span(now, route.retries.until(now, story.deadline), path.lag);
      tried = new Try(exchange, story, endpoint, span);
      race = route.hedges?.race(exchange, story, tried, path);
      let outcome = await tried.attempt.outcome;
      now = path.clock.now();
      const decided = race?.ended(outcome, now);
      if (decided !== undefined) [tried, outcome, now] = await decided;
      tried.learns(outcome, now);
      const decision = route.retries.judge(exchange, story, tried.attempt, now);
      if (decision.kind !== "again") {
        const relayed = reply.end(outcome, tried.attempt, path.bodyIdle);
        if (relayed === undefined) return;
        entered.gate.flows(story, tried.attempt.head, now);
        await relayed;
        now = path.clock.now();
        return tried.ends(now);
      }
      tried.leaves(now);
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
    race?.settle(now);
    tried?.settle(now);
    if (story) entered?.leave(story, now);
    exchange.settled();
  }
}

const BAD_TIMEOUT = "grpc-timeout is not at most 8 digits and one of H, M, S, m, u, n";

/**
 * When the response head must be here: the client's patience or the route's, whichever ends first. False where the
 * client's cannot be read.
 */
function setDeadlines(story: Story, exchange: Exchange, route: Route): boolean {
  const { request, peer, startedAt } = exchange;
  const limit = route.timeout === 0 ? Number.POSITIVE_INFINITY : route.timeout;
  const call = story.grpc ? callTimeout(request) : Number.POSITIVE_INFINITY;
  story.callDeadline = startedAt + call;
  story.deadline = startedAt + Math.min(limit, call, expectedTimeout(request, peer));
  return !Number.isNaN(call);
}
