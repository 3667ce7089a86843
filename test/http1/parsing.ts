// Request heads, read with the limits of a listener by default.
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { type ParsedRequest, parseRequest, type RequestLimits } from "../../src/http1/request.ts";

const LIMITS: RequestLimits = { uriBytes: 8192, headerBytes: 16384, headers: 100, bodyBytes: 0 };
export const HOST = "Host: a.test\r\n";

export function parse(
  text: string,
  limits: Partial<RequestLimits> = {},
): ReturnType<typeof parseRequest> {
  return parseRequest(Buffer.from(text, "latin1"), { ...LIMITS, ...limits });
}

export function parsed(text: string): ParsedRequest {
  const result = parse(text);
  if (result === INCOMPLETE || "reason" in result) throw new Error(`refused: ${verdict(text)}`);
  return result;
}

/** `ok`, `incomplete`, or the status and the reason. */
export function verdict(text: string, limits: Partial<RequestLimits> = {}): string {
  const result = parse(text, limits);
  if (result === INCOMPLETE) return "incomplete";
  return "reason" in result ? `${result.status} ${result.reason}` : "ok";
}
