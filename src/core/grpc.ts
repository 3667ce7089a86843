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
