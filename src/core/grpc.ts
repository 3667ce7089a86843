// What there is to know of gRPC on its way through: which requests are calls, how long they may take, and
// what their statuses mean in terms of HTTP. https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
import type { RequestHead } from "./exchange.ts";
import { idOf } from "./fields.ts";

const CONTENT_TYPE = idOf("content-type");
export const GRPC_TYPE = "application/grpc";

// https://github.com/grpc/grpc/blob/master/doc/statuscodes.md
export const OK = 0;
export const UNKNOWN = 2;
export const RESOURCE_EXHAUSTED = 8;

/** gRPC says so in the type of what it sends, and only ever sends it by POST. */
export function isGrpc({ method, fields }: Pick<RequestHead, "method" | "fields">): boolean {
  return method === "POST" && isGrpcType(fields.get(CONTENT_TYPE));
}

/** Is it gRPC in one of its encodings, such as `application/grpc+proto`? */
export function isGrpcType(contentType: string | undefined): boolean {
  return contentType?.toLowerCase().startsWith(GRPC_TYPE) === true;
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
