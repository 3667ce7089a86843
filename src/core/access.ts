// What is known of a request when it has ended: the access log and the metrics read this.
import type { Criticality } from "./criticality.ts";
import type { Outcome } from "./outcome.ts";
import type { Reason } from "./refusal.ts";

/** What came of a second try beside the first: whose answer was taken; failed: neither's, or none was good. */
export type HedgeResult = "won" | "lost" | "failed";

/** One ended request. Never holds a query string, a credential or a cookie. */
export interface AccessRecord {
  /** When it arrived, wall clock, milliseconds since 1970. */
  readonly time: number;
  readonly listener: string;
  readonly route: string | undefined;
  readonly cluster: string | undefined;
  /** The address of the endpoint that was tried last. */
  readonly endpoint: string | undefined;
  readonly peer: string;
  readonly protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";
  readonly method: string;
  readonly host: string;
  /** The path as it was sent, without its query. */
  readonly path: string;
  /** The status that the client was sent; 0 when it left before there was one. */
  readonly status: number;
  /** How a call of gRPC ended for its client; undefined where it is none. */
  readonly grpcStatus: number | undefined;
  readonly reason: Reason | undefined;
  /** Who answered, where that is no primary. */
  readonly tier: "backup" | "fallback" | undefined;
  /**
   * Why a request could not be parsed, how an endpoint failed, why it was not tried again: for people.
   */
  readonly detail: string | undefined;
  readonly outcome: Outcome | undefined;
  /** How the response ended, where that is not well. */
  readonly ending: "complete" | "client_aborted" | "upstream_truncated";
  readonly attempts: number;
  /** Undefined where one try at a time was made. */
  readonly hedge: HedgeResult | undefined;
  /** Undefined where its cluster has no limit. */
  readonly admission: AdmissionRecord | undefined;
  readonly requestId: string | undefined;
  /** Body bytes received from the client, and body bytes sent to it. */
  readonly bytesIn: number;
  readonly bytesOut: number;
  readonly durationMs: number;
}

/** How a request met the limit of its cluster. */
export interface AdmissionRecord {
  readonly criticality: Criticality;
  /** When it came, this one included where it was let in at once. */
  readonly limit: number;
  readonly inFlight: number;
  /** How long it waited to be let in or refused; undefined where it did not have to. */
  readonly queuedMs: number | undefined;
}

/** Takes records, never blocks, never throws. */
export interface AccessLog {
  /** Is a record with this status worth making? Asked before any work is done for it. */
  wants(status: number): boolean;
  write(record: AccessRecord): void;
}
