// The head of a request, from the fields of a HEADERS frame: written down as HTTP/1.1 would have it, and
// read by the same checks; before them those that only HTTP/2 needs (RFC 9113 8.2, 8.3). What nghttp2 refuses
// does not come here; what it lets through and HTTP/1.1 could not carry is refused here.
import type { Random } from "../core/clock.ts";
import type { Framing, Malformed, RequestHead } from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import { isGrpcType } from "../core/grpc.ts";
import { declaredFraming } from "../http1/framing.ts";
import { SLASH, TARGET } from "../http1/grammar.ts";
import { malformed } from "../http1/lines.ts";
import {
  assemble,
  named,
  type RequestLimits,
  type RequestLine,
  wrongMethod,
} from "../http1/request.ts";
import { addField, isSound } from "./fields.ts";

const NONE: Framing = { kind: "none" };
const UNKNOWN: Framing = { kind: "chunked" };

const BAD_PSEUDO = malformed(
  "bad_request",
  "a pseudo-header field is missing, unknown or repeated",
);
const BAD_SCHEME = malformed("bad_request", ":scheme is neither http nor https");
const BAD_TARGET = malformed(
  "bad_request",
  ":path is no path, or holds a byte that may not be there",
);
const LONG_TARGET = malformed("uri_too_long", ":path longer than the limit");
const BAD_FIELD = malformed("bad_request", "a field could not stand in a line of its own");
const HOP_FIELD = malformed("bad_request", "a field is for connections of HTTP/1.1 only");
const BAD_TE = malformed("bad_request", "TE is not trailers");
const OTHER_HOST = malformed("bad_request", "Host differs from :authority");
const TOO_MANY = malformed("headers_too_large", "more field lines than the limit");
const TOO_LARGE = malformed("headers_too_large", "field section larger than the limit");

/** RFC 9113 8.2.2. */
const HOP = new Set([
  "connection",
  "keep-alive",
  "proxy-connection",
  "transfer-encoding",
  "upgrade",
]);
const COLON = 58;

interface Pseudo {
  method: string | undefined;
  path: string | undefined;
  scheme: string | undefined;
  authority: string | undefined;
  protocol: string | undefined;
}

/**
 * The request of the raw header array `raw`, or what is wrong with it; `ended` when no body follows. A CONNECT
 * with `:protocol` (RFC 8441) becomes the upgrade that HTTP/1.1 has for it.
 */
export function readRequest(
  raw: readonly string[],
  ended: boolean,
  limits: RequestLimits,
  random: Random,
): RequestHead | Malformed {
  const pseudo = pseudoOf(raw);
  if ("reason" in pseudo) return pseudo;
  const { method = "", path = "", protocol } = pseudo;
  const wrong = wrongLine(pseudo, limits.uriBytes);
  const said = protocol === undefined ? method : "GET";
  const fields = new Fields();
  fields.text = `${said} ${path} HTTP/1.1\r\n`;
  const targetStart = said.length + 1;
  const end = fields.text.length;
  const line: RequestLine = {
    ...{ start: 0, method: said, targetStart, targetEnd: targetStart + path.length },
    ...{ protocol: "HTTP/2", end },
  };
  if (wrong !== undefined) {
    return { ...wrong, of: { method: said, target: path, host: "", grpc: isCall(said, raw) } };
  }
  const bad = addAll(fields, raw, pseudo.authority) ?? tooLarge(raw, fields, end, limits);
  if (protocol !== undefined) addHandshake(fields, protocol, random);
  fields.seal(fields.text.length);
  const parsed = bad ?? headOf(line, fields, ended || protocol !== undefined, limits);
  if ("reason" in parsed) {
    const grpc = isCall(said, raw);
    return { ...parsed, of: { ...named(line, fields, bad === undefined), grpc } };
  }
  return protocol === undefined ? parsed : { ...parsed, upgrade: protocol.toLowerCase() };
}

/** The same as `isGrpc`, whatever else is wrong with it. */
function isCall(method: string, raw: readonly string[]): boolean {
  const at = method === "POST" ? raw.indexOf("content-type") : -1;
  return at >= 0 && isGrpcType(raw[at + 1]);
}

function pseudoOf(raw: readonly string[]): Pseudo | Malformed {
  const pseudo: Pseudo = {
    method: undefined,
    path: undefined,
    scheme: undefined,
    authority: undefined,
    protocol: undefined,
  };
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.charCodeAt(0) !== COLON) continue;
    const key = name.slice(1);
    if (!isPseudo(key) || pseudo[key] !== undefined) return BAD_PSEUDO;
    pseudo[key] = raw[i + 1] as string;
  }
  return pseudo;
}

function isPseudo(key: string): key is keyof Pseudo {
  return (
    key === "method" ||
    key === "path" ||
    key === "scheme" ||
    key === "authority" ||
    key === "protocol"
  );
}

function wrongLine(pseudo: Pseudo, uriBytes: number): Malformed | undefined {
  const { method, path, scheme, protocol } = pseudo;
  if (method === undefined) return BAD_PSEUDO;
  const extended = method === "CONNECT" && protocol !== undefined;
  const wrong = extended ? undefined : wrongMethod(method);
  if (wrong !== undefined) return wrong;
  if (path === undefined || (protocol !== undefined && !extended)) return BAD_PSEUDO;
  if (scheme !== "http" && scheme !== "https") return BAD_SCHEME;
  if (path.length > uriBytes) return LONG_TARGET;
  if (path.charCodeAt(0) !== SLASH && !(path === "*" && method === "OPTIONS")) return BAD_TARGET;
  for (let i = 0; i < path.length; i++) {
    if (TARGET[path.charCodeAt(i)] !== 1) return BAD_TARGET;
  }
  return undefined;
}

/** Adds Host and every field; crumbs of a cookie are put together (RFC 9113 8.2.3). */
function addAll(
  fields: Fields,
  raw: readonly string[],
  authority: string | undefined,
): Malformed | undefined {
  if (authority !== undefined) {
    if (!isSound("host", authority)) return BAD_FIELD;
    addField(fields, "host", authority);
  }
  let cookie: string | undefined;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.charCodeAt(0) === COLON) continue;
    const value = raw[i + 1] as string;
    if (!isSound(name, value)) return BAD_FIELD;
    if (HOP.has(name)) return HOP_FIELD;
    if (name === "te" && value.toLowerCase() !== "trailers") return BAD_TE;
    if (name === "cookie") cookie = cookie === undefined ? value : `${cookie}; ${value}`;
    else if (name !== "host" || authority === undefined) addField(fields, name, value);
    else if (value.toLowerCase() !== authority.toLowerCase()) return OTHER_HOST;
  }
  if (cookie !== undefined) addField(fields, "cookie", cookie);
  return undefined;
}

function tooLarge(
  raw: readonly string[],
  fields: Fields,
  start: number,
  limits: RequestLimits,
): Malformed | undefined {
  // Crumbs count one by one, pseudo-header fields not at all.
  const lines = raw.length / 2 - 3;
  if (lines > limits.headers) return TOO_MANY;
  return fields.text.length - start + "\r\n".length > limits.headerBytes ? TOO_LARGE : undefined;
}

function addHandshake(fields: Fields, protocol: string, random: Random): void {
  if (protocol.toLowerCase() !== "websocket") return;
  // RFC 6455 4.1 asks for 16 bytes; HTTP/2 has no such field (RFC 8441 5).
  const key = Buffer.from(random.id().replaceAll("-", ""), "hex").toString("base64");
  addField(fields, "sec-websocket-key", key);
}

function headOf(
  line: RequestLine,
  fields: Fields,
  ended: boolean,
  limits: RequestLimits,
): RequestHead | Malformed {
  const declared = declaredFraming(fields, 1);
  if ("reason" in declared) return declared;
  const framing = ended ? NONE : declared.kind === "none" ? UNKNOWN : declared;
  const parsed = assemble(line, fields, framing, limits);
  return "reason" in parsed ? parsed : parsed.head;
}
