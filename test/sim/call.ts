// One request on its way to whoever answers it, as the simulated world carries it.
import type { RequestHead } from "../../src/core/exchange.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { parseRequest } from "../../src/http1/request.ts";

/** The other end of a request: who asked hears these. */
export interface Caller {
  /** A part of the answer, one character per byte. */
  answer(text: string): void;
  /** The answer is over; `close` when no other may follow on this connection. */
  answered(close: boolean): void;
  /** The connection breaks. */
  cut(): void;
}

/** A request that has arrived as a whole. */
export interface Call {
  readonly head: RequestHead;
  readonly body: string;
  /** The IP address that it comes from. */
  readonly peer: string;
  readonly from: Caller;
  /** Set by who answers: the caller has gone. */
  onGone: (() => void) | undefined;
}

/** Something with an address. */
export interface Host {
  /** What becomes of an attempt to connect, and of what arrives. */
  readonly reach: "accepts" | "refuses" | "silent";
  /** Milliseconds after which it closes a connection that brings no request. */
  readonly idle: number;
  request(call: Call): void;
  /** Connections, as long as they stand: to be cut by a host that dies. */
  readonly callers: Set<Caller>;
}

const LIMITS = { uriBytes: 8192, headerBytes: 16_384, headers: 100, bodyBytes: 0 };

/** The request that `text` begins with; undefined while it is not whole. What is no request is a bug. */
export function readCall(text: string): Pick<Call, "head" | "body"> | undefined {
  const parsed = parseRequest(Buffer.from(text, "latin1"), LIMITS);
  if (parsed === INCOMPLETE) return undefined;
  if ("reason" in parsed) throw new Error(`${parsed.detail}: ${text}`);
  const { head, end } = parsed;
  const length = head.framing.kind === "length" ? head.framing.bytes : 0;
  if (text.length - end < length) return undefined;
  return { head, body: text.slice(end, end + length) };
}
