// What there is to know of gRPC on its way through: which requests are calls, how long they may take, and
// what their statuses mean in terms of HTTP. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import type { RequestHead } from "./exchange.ts";
import { type Fields, idOf } from "./fields.ts";

const CONTENT_TYPE = idOf("content-type");
export const GRPC_TYPE = "application/grpc";

// https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
export const OK = 0;
export const CANCELLED = 1;
export const UNKNOWN = 2;
export const DEADLINE_EXCEEDED = 4;
export const RESOURCE_EXHAUSTED = 8;
export const INTERNAL = 13;

/**
 * What each status is in HTTP, so that what is said of statuses holds for calls as well: from 500 on the endpoint is
 * to blame, but for UNIMPLEMENTED. Those are UNKNOWN, DEADLINE_EXCEEDED, INTERNAL, UNAVAILABLE and DATA_LOSS, as Envoy
 * has it (Utility::grpcToHttpStatus in source/common/grpc/status.cc), and Linkerd, but for PERMISSION_DENIED.
 */
const IN_HTTP = [
  ...[200, 499, 500, 400, 504, 404, 409, 403, 429],
  ...[400, 409, 400, 501, 500, 503, 500, 401],
] as const;

/** The same of any status; one that is none is UNKNOWN. */
export function httpStatusOf(grpcStatus: number): number {
  return IN_HTTP[grpcStatus] ?? 500;
}

const STATUSES = IN_HTTP.length;

/** The place of a status among those that there are, and behind them one place for all others. */
export function grpcPlace(grpcStatus: number): number {
  return Math.min(grpcStatus, STATUSES);
}

/** The status as a label: of a closed set. */
export function grpcLabel(grpcStatus: number): string {
  return grpcStatus < STATUSES ? String(grpcStatus) : "other";
}

/**
 * What a client makes of an answer without a `grpc-status`:
 * https://github.com/grpc/grpc/blob/master/doc/http-grpc-status-mapping.md
 */
export function impliedStatus(httpStatus: number): number {
  return IMPLIED[httpStatus] ?? UNKNOWN;
}

const IMPLIED: Readonly<Record<number, number>> = {
  ...{ 400: INTERNAL, 401: 16, 403: 7, 404: 12 },
  ...{ 429: 14, 502: 14, 503: 14, 504: 14 },
};

/** gRPC says so in the type of what it sends, and only ever sends it by POST. */
export function isGrpc({ method, fields }: Pick<RequestHead, "method" | "fields">): boolean {
  return method === "POST" && isGrpcType(fields.get(CONTENT_TYPE));
}

/** Is it gRPC in one of its encodings, such as `application/grpc+proto`? */
export function isGrpcType(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith(GRPC_TYPE) === true;
}

/** The status among these fields; undefined where there is none. */
export function statusIn(fields: Fields | undefined): number | undefined {
  return grpcStatusOf(fields?.named("grpc-status")[0]);
}

/** The number that a `grpc-status` field says; undefined where it says none. */
export function grpcStatusOf(value: string | undefined): number | undefined {
  return value !== undefined && /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
}

const UNIT_MS = { H: 3_600_000, M: 60_000, S: 1000, m: 1, u: 1e-3, n: 1e-6 } as const;

/** What `grpc-timeout` says, in milliseconds; NaN where it is not at most 8 digits and a unit. */
export function timeoutMs(value: string): number {
  const unit = value.slice(-1);
  if (!isUnit(unit) || !/^[0-9]{1,8}.$/.test(value)) return Number.NaN;
  return Number(value.slice(0, -1)) * UNIT_MS[unit];
}

function isUnit(unit: string): unit is keyof typeof UNIT_MS {
  return Object.hasOwn(UNIT_MS, unit);
}

const MOST = 99_999_999;
const COARSER = ["m", "S", "M", "H"] as const;

/** The same the other way round: never longer than `ms`, but at least a microsecond. */
export function timeoutText(ms: number): string {
  if (ms < 1) return `${Math.max(1, Math.floor(ms * 1000))}u`;
  for (const unit of COARSER) {
    const value = Math.floor(ms / UNIT_MS[unit]);
    if (value <= MOST) return `${value}${unit}`;
  }
  return `${MOST}H`;
}
