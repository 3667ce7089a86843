// Every metric family of traffic, in one place: `tidegate_` is put before each name when it is printed.
// Labels are names from the config or words of a closed set, never anything that a client sent.
import type { Family } from "./meter.ts";

/** Bounds in seconds, from a refusal on loopback to the longest sensible request timeout. */
export const DURATION_BOUNDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60,
] as const;

/** `code` is the status sent to the client, or 0 when it left before there was one. */
export const REQUESTS = {
  name: "requests_total",
  help: "Requests that have ended, by route and by the status that the client was sent.",
  kind: "counter",
  labels: ["route", "code"],
} as const satisfies Family;

/** `grpc_status` is 0 to 16, or other. */
export const GRPC_REQUESTS = {
  name: "grpc_requests_total",
  help: "Calls of gRPC that have ended, by route and by how they ended for the client.",
  kind: "counter",
  labels: ["route", "grpc_status"],
} as const satisfies Family;

export const REQUEST_DURATION = {
  name: "request_duration_seconds",
  help: "Time from the arrival of a request to the end of its response.",
  kind: "histogram",
  labels: ["route"],
  bounds: DURATION_BOUNDS,
} as const satisfies Family;

/** `reason` is a key of REFUSALS. */
export const REFUSED = {
  name: "refusals_total",
  help: "Requests that Tidegate answered itself, by the reason that the client was told.",
  kind: "counter",
  labels: ["cluster", "reason", "criticality"],
} as const satisfies Family;

/** `outcome` is a key of OUTCOMES. */
export const ATTEMPTS = {
  name: "attempts_total",
  help: "Tries at an endpoint, by how each ended.",
  kind: "counter",
  labels: ["cluster", "endpoint", "outcome"],
} as const satisfies Family;

export const ATTEMPT_DURATION = {
  name: "attempt_duration_seconds",
  help: "Time from the start of a try at an endpoint to the head of its response.",
  kind: "histogram",
  labels: ["cluster", "tier"],
  bounds: DURATION_BOUNDS,
} as const satisfies Family;

/** `outcome` is how the attempt ended that was repeated. */
export const RETRIES = {
  name: "retries_total",
  help: "Tries that were made again, by how the one before ended.",
  kind: "counter",
  labels: ["cluster", "outcome"],
} as const satisfies Family;

/** `reason` is a Denial of policy/retry.ts. */
export const RETRIES_DENIED = {
  name: "retries_denied_total",
  help: "Tries that the route would have made again and did not, by the reason.",
  kind: "counter",
  labels: ["cluster", "reason"],
} as const satisfies Family;

/** `result` is a HedgeResult. */
export const HEDGES = {
  name: "hedges_total",
  help: "Second tries sent while the first one waited, by what came of them.",
  kind: "counter",
  labels: ["cluster", "result"],
} as const satisfies Family;

/** `reason` is budget or no_endpoint. */
export const HEDGES_DENIED = {
  name: "hedges_denied_total",
  help: "Late tries beside which no second one was sent, by the reason.",
  kind: "counter",
  labels: ["cluster", "reason"],
} as const satisfies Family;

export const RETRY_BUDGET = {
  name: "retry_budget_remaining",
  help: "Retries that a cluster would grant at once.",
  kind: "gauge",
  labels: ["cluster"],
} as const satisfies Family;

export const BREAKER_STATE = {
  name: "breaker_state",
  help: "The circuit breaker of an endpoint: 0 closed, 1 open, 2 half-open.",
  kind: "gauge",
  labels: ["cluster", "endpoint"],
} as const satisfies Family;

/** `to` is a BreakerState, `reason` a BreakerReason. */
export const BREAKER_TRANSITIONS = {
  name: "breaker_transitions_total",
  help: "Changes of the state of a circuit breaker, by the new state and the reason.",
  kind: "counter",
  labels: ["cluster", "endpoint", "to", "reason"],
} as const satisfies Family;

export const BREAKER_OPEN = {
  name: "breaker_open_seconds_total",
  help: "How long a circuit breaker has been open, openings between two scrapes included.",
  kind: "counter",
  labels: ["cluster", "endpoint"],
} as const satisfies Family;

export const ENDPOINT_HEALTHY = {
  name: "endpoint_healthy",
  help: "Whether probes let an endpoint be used: 0 when they have found it unhealthy, else 1.",
  kind: "gauge",
  labels: ["cluster", "endpoint", "tier"],
} as const satisfies Family;

/** `result` is that of a ProbeResult. */
export const HEALTH_CHECKS = {
  name: "health_checks_total",
  help: "Probes of an endpoint, by their result; late: it was us who stood still.",
  kind: "counter",
  labels: ["cluster", "endpoint", "result"],
} as const satisfies Family;

/** `reason` says why no primary was asked, or which refusal the static fallback stood in for. */
export const FALLBACKS = {
  name: "fallbacks_total",
  help: "Tries at a backup and answers of the static fallback, by the tier and the reason.",
  kind: "counter",
  labels: ["cluster", "tier", "reason"],
} as const satisfies Family;

/** `to` is a Verb of an order, `auto` at its end; `reason` is admin or expired. */
export const OVERRIDE_TRANSITIONS = {
  name: "override_transitions_total",
  help: "Orders of operators for an endpoint, and their ends, by what holds then and why.",
  kind: "counter",
  labels: ["cluster", "endpoint", "to", "reason"],
} as const satisfies Family;

/** `to` is a HealthState. */
export const HEALTH_TRANSITIONS = {
  name: "health_transitions_total",
  help: "Changes of what probes have found of an endpoint, by the new state.",
  kind: "counter",
  labels: ["cluster", "endpoint", "to"],
} as const satisfies Family;

/** `to` and `reason` are those of a TierChange. */
export const TIER_TRANSITIONS = {
  name: "tier_transitions_total",
  help: "Changes of who answers for a cluster: primaries, backups, or nobody.",
  kind: "counter",
  labels: ["cluster", "to", "reason"],
} as const satisfies Family;

export const UPSTREAM_TRUNCATED = {
  name: "upstream_truncated_total",
  help: "Responses that an endpoint broke off before their end.",
  kind: "counter",
  labels: ["cluster", "endpoint"],
} as const satisfies Family;

export const DOWNSTREAM_CONNECTIONS = {
  name: "downstream_connections",
  help: "Connections that clients hold open.",
  kind: "gauge",
  labels: ["listener"],
} as const satisfies Family;

export const DOWNSTREAM_REFUSED = {
  name: "downstream_connections_refused_total",
  help: "Connections of clients that were closed at once because there were too many.",
  kind: "counter",
  labels: ["listener"],
} as const satisfies Family;

export const DOWNSTREAM_FLOODS = {
  name: "downstream_floods_total",
  help: "HTTP/2 connections of clients that were cut because of what they sent, by what that was.",
  kind: "counter",
  labels: ["listener", "flood"],
} as const satisfies Family;

export const TLS_HANDSHAKES = {
  name: "tls_handshakes_total",
  help: "TLS handshakes with clients, by how they ended.",
  kind: "counter",
  labels: ["listener", "result"],
} as const satisfies Family;

export const CERTIFICATE_EXPIRY = {
  name: "certificate_expiry_seconds",
  help: "When the certificate of a listener, or of a cluster for its endpoints, ends, in seconds since 1970.",
  kind: "gauge",
  labels: ["listener", "cluster"],
} as const satisfies Family;

export const UPSTREAM_CONNECTIONS = {
  name: "upstream_connections",
  help: "Connections to an endpoint, busy and idle.",
  kind: "gauge",
  labels: ["cluster", "endpoint"],
} as const satisfies Family;

export const LIMIT = {
  name: "concurrency_limit",
  help: "The most requests that a cluster works on at once; only where there is a limit.",
  kind: "gauge",
  labels: ["cluster"],
} as const satisfies Family;

export const IN_FLIGHT = {
  name: "concurrency_in_flight",
  help: "Requests that a cluster is working on.",
  kind: "gauge",
  labels: ["cluster"],
} as const satisfies Family;

export const QUEUE_DEPTH = {
  name: "queue_depth",
  help: "Requests that wait until a cluster may work on them.",
  kind: "gauge",
  labels: ["cluster"],
} as const satisfies Family;

export const QUEUE_WAIT = {
  name: "queue_wait_seconds",
  help: "How long requests have waited that had to wait and were let in.",
  kind: "histogram",
  labels: ["cluster"],
  bounds: DURATION_BOUNDS,
} as const satisfies Family;

/** `reason` is a key of REFUSALS, `criticality` one of CRITICALITIES. */
export const WOULD_REFUSE = {
  name: "would_refuse_total",
  help: "Requests that would have been refused if concurrency.mode were enforce.",
  kind: "counter",
  labels: ["cluster", "reason", "criticality"],
} as const satisfies Family;

export const ACCESS_LOG_DROPPED = {
  name: "access_log_dropped_total",
  help: "Access log lines lost because their reader is slow or their disk is full.",
  kind: "counter",
  labels: [],
} as const satisfies Family;

/** `name` is as the config has it, `result` is ok or failed. */
export const NAME_RESOLUTIONS = {
  name: "name_resolutions_total",
  help: "Attempts to find the addresses of a name, by whether there was an answer.",
  kind: "counter",
  labels: ["name", "result"],
} as const satisfies Family;
