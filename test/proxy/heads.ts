// Heads of requests and responses, and what becomes of them on their way through.
import type { Peer, RequestHead, ResponseHead } from "../../src/core/exchange.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { type ParsedRequest, parseRequest } from "../../src/http1/request.ts";
import { parseResponse } from "../../src/http1/response.ts";
import { type Onward, requestIdOf, requestText, responseFields } from "../../src/proxy/headers.ts";

const LIMITS = { uriBytes: 8192, headerBytes: 100_000, headers: 500, bodyBytes: 0 };
export const STRANGER: Peer = { address: "192.0.2.7", trusted: false };
export const FRIEND: Peer = { address: "127.0.0.1", trusted: true };
export const ONWARD: Onward = {
  peer: STRANGER,
  requestId: "our-id",
  attempt: 1,
  remainingMs: Number.POSITIVE_INFINITY,
  fallbackHost: "127.0.0.1:80",
  timed: false,
  upgrade: undefined,
};

export function parse(text: string): ParsedRequest {
  const parsed = parseRequest(Buffer.from(text, "latin1"), LIMITS);
  if (parsed === INCOMPLETE) throw new Error(`incomplete: ${text}`);
  if ("reason" in parsed) throw new Error(`${parsed.detail}: ${text}`);
  return parsed;
}

/** A request with these field lines beside Host. */
export function request(lines: readonly string[] = [], line = "GET / HTTP/1.1"): RequestHead {
  return parse(`${[line, "Host: a.test", ...lines].join("\r\n")}\r\n\r\n`).head;
}

export function response(lines: readonly string[], status = 200): ResponseHead {
  const text = `${[`HTTP/1.1 ${status} X`, ...lines].join("\r\n")}\r\n\r\n`;
  const parsed = parseResponse(Buffer.from(text, "latin1"), "GET", LIMITS);
  if (parsed === INCOMPLETE || "reason" in parsed) throw new Error(`not a response: ${text}`);
  return parsed.head;
}

/** What an endpoint is sent, by name. */
export function sent(head: RequestHead, onward: Partial<Onward> = {}): Record<string, string[]> {
  const requestId = requestIdOf(head) ?? ONWARD.requestId;
  const text = requestText(head, { ...ONWARD, requestId, ...onward });
  const { fields } = parse(text).head;
  const all: Record<string, string[]> = {};
  for (let i = 0; i < fields.count; i++) {
    const name = fields.name(i).toLowerCase();
    all[name] = [...(all[name] ?? []), fields.value(i)];
  }
  return all;
}

export function relayed(
  head: ResponseHead,
  lines: readonly string[] = [],
  tiered = false,
): string[] {
  return responseFields(head, request(lines), tiered).split("\r\n").slice(0, -1);
}
