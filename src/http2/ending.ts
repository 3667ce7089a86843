// How a stream came to its end before its response was whole, and what that says of its request.
import type { AttemptFailure } from "../core/exchange.ts";
import { CANCELLED, INTERNAL, RESOURCE_EXHAUSTED } from "../core/grpc.ts";
import { wordsOf } from "../core/words.ts";

/** What the session knows of the end of a stream. */
export interface SessionEnd {
  /** Was the stream above the last one that a GOAWAY said would be processed? */
  readonly refused: boolean;
  /** Why the whole session ended, if it did. */
  readonly detail: string | undefined;
}

/** All that is known of it. */
export interface StreamEnd extends SessionEnd {
  /** Of RST_STREAM, the other side's or nghttp2's own. */
  readonly code: number;
  /** What Node says of it. */
  readonly error: Error | undefined;
  /** How much of a response had come. */
  readonly begun: "nothing" | "interim" | "body";
}

/** RFC 9113 7, in the order of the codes. */
const NAMES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

type CodeName = (typeof NAMES)[number];

/** An error code by its name. */
export function codeOf(name: CodeName): number {
  return NAMES.indexOf(name);
}

/** One of us says that the other one's message is wrong: by nghttp2 that is mostly we. */
const MALFORMED: ReadonlySet<number> = new Set([
  codeOf("PROTOCOL_ERROR"),
  codeOf("FLOW_CONTROL_ERROR"),
  codeOf("FRAME_SIZE_ERROR"),
  codeOf("COMPRESSION_ERROR"),
  codeOf("HTTP_1_1_REQUIRED"),
]);
const REFUSED_STREAM = codeOf("REFUSED_STREAM");
const CANCEL = codeOf("CANCEL");
const ENHANCE_YOUR_CALM = codeOf("ENHANCE_YOUR_CALM");

/** nghttp2 found what the other side sent against the protocol. */
const BROKEN = "ERR_HTTP2_ERROR";
/** Node never sent the request. */
const UNSENT: ReadonlySet<unknown> = new Set([
  "ERR_HTTP2_GOAWAY_SESSION",
  "ERR_HTTP2_INVALID_SESSION",
  "ERR_HTTP2_OUT_OF_STREAMS",
  "ERR_HTTP2_STREAM_CANCEL",
]);

/** The name of an error code. */
export function codeName(code: number): string {
  return NAMES[code] ?? `error code ${code}`;
}

/** What became of a request. */
interface Ending {
  readonly how: AttemptFailure;
  /** Why, for people. */
  readonly detail: string;
  /** What that is to a call of gRPC, where the endpoint has reset its stream and lives on. */
  readonly grpcStatus?: number;
}

export function ending(end: StreamEnd): Ending {
  const { refused, code, error, begun } = end;
  const said = error === undefined ? undefined : wordsOf(error);
  const detail = end.detail ?? said ?? `stream ended with ${codeName(code)}`;
  const errorCode = error === undefined ? undefined : Reflect.get(error, "code");
  if (begun === "body") return { how: "truncated", detail };
  if (refused || code === REFUSED_STREAM || UNSENT.has(errorCode)) {
    return { how: "refused", detail };
  }
  if (errorCode === BROKEN || MALFORMED.has(code)) return { how: "malformed", detail };
  const how = begun === "interim" ? "cut" : "reset";
  return end.detail === undefined ? { how, detail, grpcStatus: statusOf(code) } : { how, detail };
}

/** https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md, errors: what is not listed here is INTERNAL. */
function statusOf(code: number): number {
  if (code === CANCEL) return CANCELLED;
  return code === ENHANCE_YOUR_CALM ? RESOURCE_EXHAUSTED : INTERNAL;
}
