// The head of a request: bytes in, RequestHead out, or the reason why not. RFC 9112 3 and 5.
import type { Framing, Malformed, RequestHead } from "../core/exchange.ts";
import { Fields, idOf, members } from "../core/fields.ts";
import { isGrpc } from "../core/grpc.ts";
import { connectionOptions, declaredFraming } from "./framing.ts";
import { CR, isAuthority, LF, NINE, SLASH, SP, TARGET, TOKEN, ZERO } from "./grammar.ts";
import { type FieldLimits, INCOMPLETE, malformed, readFields } from "./lines.ts";

/** Limits of a request head. */
export interface RequestLimits extends FieldLimits {
  /** Bytes of the request-target. */
  readonly uriBytes: number;
  /** Bytes of a body; 0 for no limit. */
  readonly bodyBytes: number;
}

/** A request head and where it ends in the text that was read. */
export interface ParsedRequest {
  readonly head: RequestHead;
  readonly end: number;
  /** Would the client go on with this connection? */
  readonly keepAlive: boolean;
}

const HOST = idOf("host");
const EXPECT = idOf("expect");
const TE = idOf("te");
const UPGRADE = idOf("upgrade");

// An import would make a module of node:http, and with it load what this process never uses.
const { METHODS } = process.getBuiltinModule("node:http");
const KNOWN_METHODS = new Set(METHODS);
const LONGEST_METHOD = Math.max(...METHODS.map((method) => method.length));
/** Empty lines before a request that are skipped: RFC 9112 2.2 asks for at least one. */
const LEADING_LINES = 4;

const BAD_METHOD = malformed("bad_request", "method is not a token followed by one space");
const UNKNOWN_METHOD = malformed("bad_request", "method is unknown", 501);
const BAD_TARGET = malformed(
  "bad_request",
  "request-target is empty or holds a byte that may not be there",
);
const LONG_TARGET = malformed("uri_too_long", "request-target longer than the limit");
const BAD_VERSION = malformed("bad_request", "the request line does not end with HTTP/1.1");
const OTHER_VERSION = malformed("bad_request", "HTTP version other than 1.0 and 1.1", 505);
const REFUSED_METHOD = malformed("bad_request", "CONNECT and TRACE are not served", 405);
const BAD_FORM = malformed("bad_request", "request-target is neither a path nor http://host/path");
const BAD_STAR = malformed("bad_request", "request-target * without OPTIONS");
const BAD_HOST = malformed("bad_request", "Host is missing, repeated or not host[:port]");
const OTHER_HOST = malformed("bad_request", "Host differs from the host in the request-target");
const BAD_EXPECT = malformed("bad_request", "expectation other than 100-continue", 417);
const LARGE_BODY = malformed("body_too_large", "Content-Length above the limit");

/** The line that opens a request, and where its parts stand in the text; HTTP/2 has it made up. */
export interface RequestLine {
  readonly start: number;
  readonly method: string;
  readonly targetStart: number;
  readonly targetEnd: number;
  readonly protocol: RequestHead["protocol"];
  readonly end: number;
}

/**
 * Reads a request head from the beginning of `bytes`. Returns it, or INCOMPLETE, or what is wrong
 * with it. Whatever longer run of bytes has the same beginning gives the same.
 */
export function parseRequest(
  bytes: Buffer,
  limits: RequestLimits,
): ParsedRequest | Malformed | typeof INCOMPLETE {
  const start = skipEmptyLines(bytes);
  const line = requestLine(bytes, start, limits.uriBytes);
  if (line === INCOMPLETE) return line;
  if ("reason" in line) return withMethod(line, bytes, start);
  const fields = new Fields();
  const end = readFields(bytes, line.end, fields, limits);
  if (end === INCOMPLETE) return end;
  const whole = typeof end === "number";
  fields.text = bytes.toString("latin1", 0, whole ? end : line.end);
  if (!whole) return { ...end, of: named(line, fields, whole) };
  const framing = declaredFraming(fields, line.protocol === "HTTP/1.0" ? 0 : 1);
  const parsed = "reason" in framing ? framing : assemble(line, fields, framing, limits);
  return "reason" in parsed ? { ...parsed, of: named(line, fields, whole) } : parsed;
}

/** The method alone is known of a request whose line is wrong; what answers HEAD has no body. */
function withMethod(wrong: Malformed, bytes: Buffer, start: number): Malformed {
  const end = bytes.subarray(0, start + LONGEST_METHOD + 1).indexOf(SP, start);
  const method = bytes.toString("latin1", start, Math.max(start, end));
  return KNOWN_METHODS.has(method) ? { ...wrong, of: { method, target: "", host: "" } } : wrong;
}

/** What a request that is refused is called in the log. */
export function named(
  line: RequestLine,
  fields: Fields,
  whole: boolean,
): NonNullable<Malformed["of"]> {
  const { method, targetStart, targetEnd, protocol } = line;
  const target = fields.text.slice(targetStart, targetEnd);
  const authority = whole ? hostOf(fields, target, protocol) : "";
  // Only a good authority may be remembered: the next Host that is equal is not looked at again.
  const good = typeof authority === "string" && isAuthority(authority);
  const host = good ? withoutPort(authority) : "";
  const grpc = whole && isGrpc({ method, fields });
  return { method, target: originForm(target, method), host, grpc };
}

/** Are these empty lines and nothing else? */
export function isBlank(bytes: Buffer): boolean {
  return skipEmptyLines(bytes) === bytes.length;
}

function skipEmptyLines(bytes: Buffer): number {
  let at = 0;
  while (at < 2 * LEADING_LINES && at + 1 < bytes.length) {
    if (bytes[at] !== CR || bytes[at + 1] !== LF) break;
    at += 2;
  }
  return at;
}

function requestLine(
  bytes: Buffer,
  start: number,
  uriBytes: number,
): RequestLine | Malformed | typeof INCOMPLETE {
  const { length } = bytes;
  let at = start;
  const methodEnd = Math.min(length, start + LONGEST_METHOD + 1);
  while (at < methodEnd && TOKEN[bytes[at] as number] === 1) at++;
  if (at - start > LONGEST_METHOD) return UNKNOWN_METHOD;
  if (at === length) return INCOMPLETE;
  // A lone CR may still become an empty line.
  if (at === start && at + 1 === length && bytes[at] === CR) return INCOMPLETE;
  if (at === start || bytes[at] !== SP) return BAD_METHOD;
  const method = methodName(bytes, start, at);
  const targetStart = ++at;
  const targetEnd = Math.min(length, targetStart + uriBytes + 1);
  while (at < targetEnd && TARGET[bytes[at] as number] === 1) at++;
  if (at - targetStart > uriBytes) return LONG_TARGET;
  if (at === length) return INCOMPLETE;
  if (at === targetStart || bytes[at] !== SP) return BAD_TARGET;
  const minor = version(bytes, at + 1);
  if (typeof minor !== "number" || minor === INCOMPLETE) return minor;
  const wrong = wrongMethod(method) ?? wrongForm(method, bytes, targetStart, at);
  const end = at + 1 + VERSION.length;
  const protocol = minor === 1 ? "HTTP/1.1" : "HTTP/1.0";
  return wrong ?? { start, method, targetStart, targetEnd: at, protocol, end };
}

function methodName(bytes: Buffer, start: number, end: number): string {
  const get = end - start === 3 && bytes[start] === 71 && bytes[start + 1] === 69;
  return get && bytes[start + 2] === 84 ? "GET" : bytes.toString("latin1", start, end);
}

// "9" stands for any digit.
const VERSION = "HTTP/9.9\r\n";

/** The minor version. */
function version(bytes: Buffer, start: number): number | Malformed {
  for (let i = 0; i < VERSION.length; i++) {
    if (start + i === bytes.length) return INCOMPLETE;
    const code = bytes[start + i] as number;
    const expected = VERSION.charCodeAt(i);
    if (expected === NINE ? code < ZERO || code > NINE : code !== expected) return BAD_VERSION;
  }
  const major = (bytes[start + 5] as number) - ZERO;
  const minor = (bytes[start + 7] as number) - ZERO;
  return major === 1 && minor <= 1 ? minor : OTHER_VERSION;
}

/** What is wrong with a method, if anything is. */
export function wrongMethod(method: string): Malformed | undefined {
  if (method === "GET") return undefined;
  if (method === "CONNECT" || method === "TRACE") return REFUSED_METHOD;
  return KNOWN_METHODS.has(method) ? undefined : UNKNOWN_METHOD;
}

function wrongForm(
  method: string,
  bytes: Buffer,
  start: number,
  end: number,
): Malformed | undefined {
  if (bytes[start] === SLASH) return undefined;
  const target = bytes.toString("latin1", start, end);
  if (target === "*") return method === "OPTIONS" ? undefined : BAD_STAR;
  return /^http:\/\/[^/?]+(?:[/?]|$)/i.test(target) ? undefined : BAD_FORM;
}

/** The head of a request whose line is good and whose fields are sealed, or what is wrong with them. */
export function assemble(
  line: RequestLine,
  fields: Fields,
  framing: Framing,
  limits: RequestLimits,
): ParsedRequest | Malformed {
  const { protocol } = line;
  const target = fields.text.slice(line.targetStart, line.targetEnd);
  const authority = hostOf(fields, target, protocol);
  if (typeof authority !== "string") return authority;
  if (target.charCodeAt(0) !== SLASH && target !== "*") {
    const other = authorityOf(target).toLowerCase() !== authority.toLowerCase();
    if (other || !isAuthority(authority)) return other ? OTHER_HOST : BAD_HOST;
  }
  const body = hasBody(framing);
  const expects = fields.find(EXPECT) >= 0;
  if (expects && fields.named("expect").join().toLowerCase() !== "100-continue") return BAD_EXPECT;
  if (framing.kind === "length" && limits.bodyBytes > 0 && framing.bytes > limits.bodyBytes) {
    return LARGE_BODY;
  }
  const options = connectionOptions(fields);
  if ("reason" in options) return options;
  const modern = protocol !== "HTTP/1.0";
  if (modern && target.charCodeAt(0) === SLASH) fields.line = line.start;
  const head: RequestHead = {
    method: line.method,
    target: originForm(target, line.method),
    host: withoutPort(authority),
    authority,
    protocol,
    fields,
    framing,
    nominated: options.nominated,
    expectContinue: expects && modern && body,
    upgrade: modern && options.upgrade && !body ? upgradeOf(fields) : undefined,
    trailers: modern && acceptsTrailers(fields),
  };
  const end = fields.start(fields.count) + "\r\n".length;
  return { head, end, keepAlive: modern ? !options.close : options.keepAlive && !options.close };
}

function hasBody(framing: Framing): boolean {
  return framing.kind === "chunked" || (framing.kind === "length" && framing.bytes > 0);
}

/** The value of Host; empty only for an HTTP/1.0 request without one. */
function hostOf(
  fields: Fields,
  target: string,
  protocol: RequestHead["protocol"],
): string | Malformed {
  const index = fields.find(HOST);
  if (index < 0) {
    if (protocol !== "HTTP/1.0") return BAD_HOST;
    return target.charCodeAt(0) === SLASH ? "" : authorityOf(target);
  }
  if (fields.find(HOST, index + 1) >= 0) return BAD_HOST;
  const value = fields.value(index);
  // The same text as one object: whoever compares it again is done at once.
  if (value === lastAuthority) return lastAuthority;
  return isAuthority(value) ? value : BAD_HOST;
}

function authorityOf(target: string): string {
  return /^http:\/\/([^/?]*)/i.exec(target)?.[1] ?? "";
}

/** `http://host/path` becomes `/path`; OPTIONS on a bare host asks about the server, `*`. */
function originForm(target: string, method: string): string {
  if (target.charCodeAt(0) === SLASH || target === "*") return target;
  const rest = target.slice("http://".length + authorityOf(target).length);
  if (rest === "") return method === "OPTIONS" ? "*" : "/";
  return rest.startsWith("/") ? rest : `/${rest}`;
}

// A service is mostly called by one name: the last one is remembered with its host.
let lastAuthority: string | undefined;
let lastHost = "";

/** The host of an authority that is good. */
function withoutPort(authority: string): string {
  if (authority === lastAuthority) return lastHost;
  const colon = authority.lastIndexOf(":");
  const bare = colon > authority.lastIndexOf("]") ? authority.slice(0, colon) : authority;
  const host = bare.toLowerCase();
  if (host === "") return host;
  lastAuthority = authority;
  lastHost = host;
  return host;
}

function upgradeOf(fields: Fields): string | undefined {
  const names = fields.named("upgrade").flatMap(members);
  return fields.find(UPGRADE) >= 0 && names.length === 1 ? names[0] : undefined;
}

function acceptsTrailers(fields: Fields): boolean {
  return fields.find(TE) >= 0 && fields.named("te").flatMap(members).includes("trailers");
}
