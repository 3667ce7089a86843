// What is told of every request when it has ended: to the counters always, to the access log when it
// wants to know.
import type { AccessLog, AccessRecord, AdmissionRecord, HedgeResult } from "../core/access.ts";
import type { Clock } from "../core/clock.ts";
import { CRITICALITIES } from "../core/criticality.ts";
import type { Exchange, Malformed, Peer } from "../core/exchange.ts";
import { REFUSED } from "../core/families.ts";
import { CANCELLED, httpStatusOf, INTERNAL, impliedStatus, isGrpc } from "../core/grpc.ts";
import type { Counter, Meter } from "../core/meter.ts";
import type { Outcome } from "../core/outcome.ts";
import { REFUSALS, type Reason } from "../core/refusal.ts";
import type { Denial } from "../policy/retry.ts";
import type { Sample } from "../policy/slots.ts";
import type { Ticket } from "../policy/ticket.ts";
import type { Endpoint } from "./endpoint.ts";
import type { Entrance } from "./entrance.ts";
import type { Reply } from "./reply.ts";
import { RouteMeter } from "./routemeter.ts";
import { pathOf } from "./router.ts";

const NOWHERE: readonly Endpoint[] = [];

/** What is known of a request beside its exchange and its reply. */
export class Story {
  readonly route: string | undefined;
  readonly cluster: string | undefined;
  readonly requestId: string;
  /** The protocol that the client asks for, if the route allows it. */
  readonly upgrade: string | undefined;
  readonly meter: RouteMeter | undefined;
  /** Is it a call of gRPC? */
  readonly grpc: boolean;
  endpoint: string | undefined;
  outcome: Outcome | undefined;
  /** Those that were begun. */
  attempts = 0;
  /** When a response head must be here at last, in `Clock.now()` milliseconds. */
  deadline = Number.POSITIVE_INFINITY;
  /** When the whole call must be over, where its client has said so. */
  callDeadline = Number.POSITIVE_INFINITY;
  /** Where it has been in vain. */
  visited: readonly Endpoint[] = NOWHERE;
  /** How often it went again for free. */
  free = 0;
  /** Was that, once, because its connection was stale? */
  replayed = false;
  /** Why it did not go again, where the route would have wanted it to. */
  denied: Denial | undefined;

  /** What came of a second try beside the first one, if there was one. */
  hedge: HedgeResult | undefined;

  /** How much it matters: 0 is the most. */
  readonly rank: number;
  /** May its cluster work on it, or why not? */
  admitted = false;
  refused: Reason | undefined;
  /** Undefined where its cluster has no limit. */
  ticket: Ticket | undefined;
  /** What its cluster's limiter learns from it. */
  sample: Sample | undefined;
  /** How long it has waited to be let in, where it had to. */
  queuedMs: number | undefined;
  /** The limit, and how many were in flight, when it came. */
  #limit = 0;
  #inFlight = 0;

  constructor(exchange: Exchange, route: Routed | undefined, requestId: string) {
    const { upgrade } = exchange.request;
    this.rank = route?.entrance.rank(exchange) ?? DEFAULT_RANK;
    const allowed = upgrade !== undefined && route?.upgrades.includes(upgrade);
    this.upgrade = allowed ? upgrade : undefined;
    this.grpc = isGrpc(exchange.request);
    this.route = route?.name;
    this.meter = route?.meter;
    this.cluster = route?.cluster.name;
    this.requestId = requestId;
  }

  /** How often it went again, less what was free. */
  get retries(): number {
    return this.attempts - 1 - this.free;
  }

  /** An attempt has ended, or its response has begun, after so long. */
  tried(endpoint: Endpoint, outcome: Outcome, durationMs: number): void {
    this.endpoint = endpoint.address.text;
    this.outcome = outcome;
    endpoint.meter.count(outcome, durationMs);
  }

  /** It has come to the limit of its cluster. */
  meets(ticket: Ticket, limit: number, inFlight: number): void {
    this.ticket = ticket;
    this.#limit = limit;
    this.#inFlight = inFlight;
  }

  /** How it met the limit of its cluster, if there is one. */
  get admission(): AdmissionRecord | undefined {
    if (this.ticket === undefined) return undefined;
    const criticality = CRITICALITIES[this.rank] ?? "CRITICAL";
    const { queuedMs } = this;
    return { criticality, limit: this.#limit, inFlight: this.#inFlight, queuedMs };
  }

  /** An endpoint has answered, or not in time: what the limiter learns, if there is one. */
  teaches(sentAt: number, latencyMs: number, ok: boolean): void {
    if (this.ticket === undefined) return;
    this.sample = { sentAt, latencyMs, ok };
  }

  /** It leaves `endpoint`, to be tried again. */
  leaves(endpoint: Endpoint): void {
    this.visited = [...this.visited, endpoint];
  }
}

interface Routed {
  readonly name: string;
  readonly cluster: { readonly name: string };
  readonly upgrades: readonly string[];
  readonly meter: RouteMeter;
  readonly entrance: Pick<Entrance, "rank">;
}

/** Where no route says anything else. */
const DEFAULT_RANK = CRITICALITIES.indexOf("CRITICAL");

/** Requests that no route took are counted under this name. */
const NO_ROUTE = "-";

/** What recorders share with the rest of the sidecar. */
export interface RecorderWorld {
  readonly clock: Clock;
  readonly meter: Meter;
  readonly log: AccessLog;
  /** Hears of exceptions, which are bugs. */
  bug(error: unknown): void;
}

export class Recorder {
  readonly #bug: (error: unknown) => void;
  readonly #listener: string;
  readonly #clock: Clock;
  readonly #meter: Meter;
  readonly #log: AccessLog;
  readonly #unrouted: RouteMeter;
  /** By cluster and reason, looked up once: refusing has to be cheap. */
  readonly #refusals = new Map<string, Map<Reason, (Counter | undefined)[]>>();

  constructor(listener: string, { clock, meter, log, bug }: RecorderWorld) {
    this.#bug = bug;
    this.#listener = listener;
    this.#clock = clock;
    this.#meter = meter;
    this.#log = log;
    this.#unrouted = new RouteMeter(meter, NO_ROUTE);
  }

  /** A request has ended, `now`. Never throws: a log line is not worth a request, let alone the process. */
  ended(exchange: Exchange, reply: Reply, story: Story, now: number): void {
    try {
      this.#ended(exchange, reply, story, now);
    } catch (error) {
      this.#bug(error);
    }
  }

  #ended(exchange: Exchange, reply: Reply, story: Story, now: number): void {
    const durationMs = now - exchange.startedAt;
    const grpcStatus = grpcStatusOf(reply, story);
    (story.meter ?? this.#unrouted).count(reply.status, durationMs, grpcStatus);
    if (reply.reason !== undefined) this.#refused(reply.reason, story.cluster, story.rank);
    // A fallback is no success, whatever its status.
    const well = reply.ending === "complete" && reply.tier !== "fallback";
    const status = grpcStatus === undefined ? reply.status : httpStatusOf(grpcStatus);
    if (!this.#log.wants(well ? status : 0)) return;
    const { request } = exchange;
    this.#log.write({
      route: story.route,
      cluster: story.cluster,
      endpoint: story.endpoint,
      outcome: story.outcome,
      attempts: story.attempts,
      hedge: story.hedge,
      admission: story.admission,
      requestId: story.requestId,
      time: this.#clock.wall() - durationMs,
      listener: this.#listener,
      peer: exchange.peer.address,
      protocol: request.protocol,
      method: request.method,
      host: request.host,
      path: pathOf(request.target),
      status: reply.status,
      grpcStatus,
      reason: reply.reason,
      tier: reply.tier,
      detail: detailOf(reply, story),
      ending: reply.ending,
      bytesIn: exchange.bytesIn,
      bytesOut: exchange.bytesOut,
      durationMs,
    });
  }

  /** Something came that is no request. */
  malformed(wrong: Malformed, peer: Peer, protocol: AccessRecord["protocol"] = "HTTP/1.1"): void {
    const { reason, detail, of } = wrong;
    const grpcStatus = of?.grpc === true ? REFUSALS[reason].grpc : undefined;
    const status = grpcStatus === undefined ? wrong.status : 200;
    this.#unrouted.count(status, 0, grpcStatus);
    this.#refused(reason, undefined);
    if (!this.#log.wants(wrong.status)) return;
    const asked = of && { method: of.method, host: of.host, path: pathOf(of.target) };
    const what = { status, grpcStatus, reason, detail, ...asked };
    this.#log.write({ ...NO_REQUEST, protocol, ...this.#where(peer), ...what });
  }

  #where(peer: Peer): Pick<AccessRecord, "time" | "listener" | "peer"> {
    return { time: this.#clock.wall(), listener: this.#listener, peer: peer.address };
  }

  #refused(reason: Reason, cluster = NO_ROUTE, rank = DEFAULT_RANK): void {
    const reasons = this.#refusals.get(cluster) ?? new Map<Reason, (Counter | undefined)[]>();
    if (reasons.size === 0) this.#refusals.set(cluster, reasons);
    const counters = reasons.get(reason) ?? [];
    if (counters.length === 0) reasons.set(reason, counters);
    let counter = counters[rank];
    if (counter === undefined) {
      const criticality = CRITICALITIES[rank] ?? "";
      counter = this.#meter.counter(REFUSED, { cluster, reason, criticality });
      counters[rank] = counter;
    }
    counter.add();
  }
}

/** How a call of gRPC ended for its client; undefined where it is none. */
function grpcStatusOf(reply: Reply, { grpc }: Story): number | undefined {
  if (!grpc || reply.grpcStatus !== undefined) return reply.grpcStatus;
  if (reply.ending === "client_aborted") return CANCELLED;
  return reply.ending === "complete" ? impliedStatus(reply.status) : INTERNAL;
}

function detailOf({ detail }: Reply, { denied }: Story): string | undefined {
  if (denied === undefined) return detail;
  return `${detail === undefined ? "" : `${detail}; `}not tried again: ${denied}`;
}

const NO_REQUEST = {
  route: undefined,
  cluster: undefined,
  endpoint: undefined,
  outcome: undefined,
  tier: undefined,
  attempts: 0,
  hedge: undefined,
  admission: undefined,
  requestId: undefined,
  method: "",
  host: "",
  path: "",
  ending: "complete",
  bytesIn: 0,
  bytesOut: 0,
  durationMs: 0,
} as const;
