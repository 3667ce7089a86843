// How we say no. The reason is the same word in the response header, the access log,
// the metric label, the state endpoint and the README.

/** What one reason looks like on the wire and in the log. */
export interface Refusal {
  /** The HTTP status, where the refusal itself names no other. */
  readonly status: number;
  /** The gRPC status code; undefined where no gRPC call can exist yet. */
  readonly grpc: number | undefined;
  /** The response flag of the access log, as Envoy's users know it. */
  readonly flag: string;
  /** True where the connection cannot be used any more. */
  readonly close: boolean;
  /** True where we were full: `x-envoy-overloaded` tells callers not to retry. */
  readonly overloaded: boolean;
  /**
   * May the static fallback of the cluster stand in for it? Where a good request found nobody to
   * answer it; what the client itself got wrong, or has no time left for, it must be told.
   */
  readonly fallback: boolean;
}

const framing = { flag: "DPE", overloaded: false, fallback: false } as const;
const path = { close: false, overloaded: false, fallback: false } as const;
const full = { close: false, overloaded: true, fallback: true } as const;
const upstream = { close: false, overloaded: false, fallback: true } as const;

export const REFUSALS = {
  bad_request: { status: 400, grpc: 13, close: true, ...framing },
  uri_too_long: { status: 414, grpc: 8, close: true, ...framing },
  headers_too_large: { status: 431, grpc: 8, close: true, ...framing },
  body_too_large: { status: 413, grpc: 8, close: true, ...framing },
  head_timeout: { status: 408, grpc: undefined, close: true, ...framing },
  body_timeout: { status: 408, grpc: 4, close: true, ...framing },
  loop_detected: { status: 508, grpc: 13, flag: "DPE", ...path },
  no_route: { status: 404, grpc: 12, flag: "NR", ...path },
  deadline_expired: { status: 504, grpc: 4, flag: "DT", ...path },
  queue_full: { status: 503, grpc: 14, flag: "UO", ...full },
  queue_timeout: { status: 503, grpc: 14, flag: "UO", ...full },
  shed_priority: { status: 503, grpc: 14, flag: "OM", ...full },
  shed_fairness: { status: 503, grpc: 8, flag: "OM", ...full },
  self_overload: { status: 503, grpc: 14, flag: "OM", ...full },
  no_endpoint: { status: 503, grpc: 14, flag: "UH", ...upstream },
  connect_failed: { status: 502, grpc: 14, flag: "UF", ...upstream },
  upstream_reset: { status: 502, grpc: 14, flag: "UC", ...upstream },
  upstream_protocol: { status: 502, grpc: 14, flag: "UPE", ...upstream },
  upstream_timeout: { status: 504, grpc: 4, flag: "UT", ...upstream },
  draining: { status: 503, grpc: 14, ...framing, flag: "-", close: true },
} as const satisfies Record<string, Refusal>;

export type Reason = keyof typeof REFUSALS;
