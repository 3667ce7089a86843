// A request head on its way to an endpoint: from the text of HTTP/1.1 to a raw header array.
import { pushRaw } from "./fields.ts";

/** A request head as HTTP/2 carries it. */
export interface OnwardHead {
  readonly raw: string[];
  /** The protocol that the client would upgrade to. */
  readonly upgrade: string | undefined;
  /** Of a WebSocket handshake: HTTP/2 has none, but the client waits for its answer. */
  readonly key: string | undefined;
}

/** What is about one hop of HTTP/1.1, or has another place in HTTP/2: RFC 9113 8.2.2 and 8.3.1. */
const DROPPED: ReadonlySet<string> = new Set([
  "connection",
  "host",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
]);

/**
 * Reads the text of a request head: a request line in origin-form, then field lines. An upgrade becomes an
 * extended CONNECT (RFC 8441).
 */
export function onwardHead(text: string, scheme: string): OnwardHead {
  const lineEnd = text.indexOf("\r\n");
  const method = text.slice(0, text.indexOf(" "));
  const target = text.slice(method.length + 1, text.lastIndexOf(" ", lineEnd));
  const fields: string[] = [];
  pushRaw(fields, text, lineEnd + 2);
  const kept: string[] = [];
  let [authority, upgrade, key]: (string | undefined)[] = [];
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i] as string;
    const value = fields[i + 1] as string;
    if (!DROPPED.has(name)) kept.push(name, value);
    else if (name === "host") authority = value;
    else if (name === "upgrade") upgrade = value;
    else if (name === "te" && value === "trailers") kept.push(name, value);
    if (name === "sec-websocket-key") key = value;
  }
  const pseudo = [":method", upgrade === undefined ? method : "CONNECT"];
  if (upgrade !== undefined) pseudo.push(":protocol", upgrade);
  pseudo.push(":scheme", scheme, ":authority", authority ?? "", ":path", target);
  const raw = pseudo.concat(upgrade === undefined ? kept : withoutKey(kept));
  return { raw, upgrade, key };
}

/** RFC 8441 5: the handshake proves nothing in HTTP/2, and is left out. */
function withoutKey(fields: readonly string[]): string[] {
  const at = fields.indexOf("sec-websocket-key");
  return fields.filter((_, index) => at < 0 || (index !== at && index !== at + 1));
}

/** Trailer lines, each ended by CRLF, as Node takes them. */
export function trailersOf(lines: string): Record<string, string[]> {
  const raw: string[] = [];
  pushRaw(raw, lines);
  const trailers: Record<string, string[]> = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    trailers[name] = [...(trailers[name] ?? []), raw[i + 1] as string];
  }
  return trailers;
}
