// The static fallback of a cluster: what clients get in place of a refusal when nobody answered.
import { grpcStatusOf, isGrpcType, UNKNOWN } from "../core/grpc.ts";
import type { Counters } from "../core/meter.ts";
import type { Reason } from "../core/refusal.ts";
import { isBodiless, isUnframed } from "../core/status.ts";

/** What the config says of it. */
export interface FallbackSettings {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** One character per byte. */
  readonly body: string;
}

/** How a refusal is said, beside what all of them say. */
export interface Said {
  readonly status: number;
  /** Field lines, each ended by CRLF. */
  readonly fields: string;
  /** One character per byte. */
  readonly body: string;
  /** The same for the fields behind the body. */
  readonly trailers?: string;
  /** Where it answers a call of gRPC: its status. */
  readonly grpcStatus?: number | undefined;
}

export class Fallback {
  /** Is it an answer of gRPC? */
  readonly grpc: boolean;
  readonly #said: Said;
  readonly #counters: Counters<Reason>;

  constructor(settings: FallbackSettings, counters: Counters<Reason>) {
    this.#counters = counters;
    this.grpc = isGrpcType(settings.contentType);
    this.#said = this.grpc ? callSaid(settings) : said(settings, Object.entries(settings.headers));
  }

  /** What stands in for a refusal with `reason`; it is counted. */
  instead(reason: Reason): Said {
    this.#counters.add(reason);
    return this.#said;
  }
}

type Header = readonly [name: string, value: string];

function said({ status, contentType, body }: FallbackSettings, headers: readonly Header[]): Said {
  const type = isBodiless(status) ? "" : `content-type: ${contentType}\r\n`;
  const length = isUnframed(status) ? "" : `content-length: ${body.length}\r\n`;
  const fields = `${type}${length}${linesOf(headers)}x-tidegate-tier: fallback\r\n`;
  return { status, fields, body };
}

/** Behind messages gRPC has its status as a trailer; without one everything is in the head. */
function callSaid(settings: FallbackSettings): Said {
  const headers = Object.entries(settings.headers);
  const isStatus = ([name]: Header): boolean => name === "grpc-status" || name === "grpc-message";
  const grpcStatus = grpcStatusOf(settings.headers["grpc-status"]) ?? UNKNOWN;
  if (settings.body === "") return { ...said(settings, headers), grpcStatus };
  const leading = headers.filter((each) => !isStatus(each));
  const trailers = linesOf(headers.filter(isStatus));
  return { ...said(settings, leading), trailers, grpcStatus };
}

function linesOf(headers: readonly Header[]): string {
  return headers.map(([name, value]) => `${name}: ${value}\r\n`).join("");
}
