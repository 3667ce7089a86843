// Which fields go on, and which are ours to say: RFC 9110 7.6, and what proxies have agreed upon.
import type { Peer, RequestHead, ResponseHead } from "../core/exchange.ts";
import { type FieldName, type Fields, idOf, KNOWN_FIELDS } from "../core/fields.ts";
import { timeoutMs, timeoutText } from "../core/grpc.ts";

/** Our name in Via. */
const PSEUDONYM = "tidegate";
/** A chain may hold a few of us, one beside each service; more than this is a circle. */
const MOST_VISITS = 10;
/** One of us in Via: the protocol, then the name. Via may have thousands of hops, and is read in one go. */
const OUR_HOP = new RegExp(`(?:^|,)[ \\t]*[^ \\t,]+[ \\t]+${PSEUDONYM}(?=[ \\t,]|$)`, "gi");

const HOP: readonly FieldName[] = [
  "connection",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "proxy-authenticate",
  "proxy-authentication-info",
  "transfer-encoding",
  "te",
  "upgrade",
  "http2-settings",
];
/** Fields about the client, or for the policies: believed, and kept, from trusted peers only. */
const FROM_TRUSTED: readonly FieldName[] = [
  "forwarded",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-criticality",
  "x-shed-priority",
  "x-tidegate-reason",
  "x-tidegate-tier",
];
/** Fields that are written anew in every request. */
const REWRITTEN: readonly FieldName[] = [
  "x-request-id",
  "expect",
  "x-forwarded-for",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-attempt-count",
];
/** Fields that Connection cannot have removed. */
const PROTECTED: readonly FieldName[] = [
  ...FROM_TRUSTED,
  ...REWRITTEN,
  "host",
  "content-length",
  "via",
  "max-forwards",
];

const TO_ENDPOINT = allBut([...HOP, ...REWRITTEN, ...FROM_TRUSTED]);
const TO_ENDPOINT_TRUSTED = allBut([...HOP, ...REWRITTEN]);
const CLASSED = [...HOP, ...REWRITTEN, "x-criticality"] as const;
const TO_ENDPOINT_TRUSTED_CLASSED = allBut(CLASSED);
/** Of the service next to us, which is nothing to whoever is further away. */
const OF_NEIGHBOUR: FieldName = "x-tidegate-threshold";
const TO_CLIENT = allBut([...HOP, OF_NEIGHBOUR, "trailer"]);
const TO_CLIENT_TRAILERS = allBut([...HOP, OF_NEIGHBOUR]);

const HOST = idOf("host");
const VIA = idOf("via");
const CONTENT_LENGTH = idOf("content-length");
const MAX_FORWARDS = idOf("max-forwards");
const FORWARDED_PROTO = idOf("x-forwarded-proto");
const FORWARDED_HOST = idOf("x-forwarded-host");
const REQUEST_ID = idOf("x-request-id");
const TIER = idOf("x-tidegate-tier");
const ATTEMPT_COUNT = idOf("x-envoy-attempt-count");
const GRPC_TIMEOUT = idOf("grpc-timeout");
const EXPECTED_TIMEOUT = idOf("x-envoy-expected-rq-timeout-ms");

/** One byte per known field: does it go on? Unknown fields do. */
function allBut(dropped: readonly FieldName[]): Uint8Array {
  const goesOn = new Uint8Array(KNOWN_FIELDS.length).fill(1);
  for (const name of dropped) goesOn[idOf(name)] = 0;
  return goesOn;
}

/** What a request carries on beside the client's own fields. */
export interface Onward {
  readonly peer: Peer;
  readonly requestId: string;
  /** Which try this is, those of a trusted caller included; 1 is the first. */
  readonly attempt: number;
  /** Milliseconds until the deadline; Infinity when there is none. */
  readonly remainingMs: number;
  /** What to name in Host when an HTTP/1.0 client named nothing. */
  readonly fallbackHost: string;
  /** What to say of how much it matters; undefined where that is left as it is. */
  readonly criticality?: string | undefined;
  /** The protocol that the client may upgrade to. */
  readonly upgrade: string | undefined;
  /** Has the client said how long its call may take? Then the service is told as well. */
  readonly timed: boolean;
}

/** The request head as it goes to an endpoint. */
export function requestText(request: RequestHead, onward: Onward): string {
  const { fields } = request;
  const { peer } = onward;
  const { criticality } = onward;
  const trusted = criticality === undefined ? TO_ENDPOINT_TRUSTED : TO_ENDPOINT_TRUSTED_CLASSED;
  let goesOn = peer.trusted ? trusted : TO_ENDPOINT;
  if (onward.timed) goesOn = without(goesOn, GRPC_TIMEOUT);
  if (counted(request)) goesOn = without(goesOn, MAX_FORWARDS);
  // The line that opens the head goes on as it came, in one piece with the fields behind it.
  let text = fields.line < 0 ? `${request.method} ${request.target} HTTP/1.1\r\n` : "";
  text += copied(fields, goesOn, request.nominated, fields.line);
  if (fields.find(HOST) < 0) text += `host: ${request.authority || onward.fallbackHost}\r\n`;
  text += peer.trusted ? forwardedText(request, peer) : introduction(request, peer);
  text += `x-request-id: ${onward.requestId}${effort(onward, request.protocol)}`;
  if (onward.timed) text += `grpc-timeout: ${timeoutText(leftOf(onward))}\r\n`;
  if (criticality !== undefined) text += `x-criticality: ${criticality}\r\n`;
  if (request.framing.kind === "chunked") text += "transfer-encoding: chunked\r\n";
  if (request.expectContinue) text += "expect: 100-continue\r\n";
  if (onward.upgrade !== undefined) {
    text += `connection: upgrade\r\nupgrade: ${onward.upgrade}\r\n`;
  } else if (request.trailers) text += "connection: te\r\nte: trailers\r\n";
  if (counted(request)) text += maxForwardsText(fields);
  return `${text}\r\n`;
}

// First tries of one route are alike in this: the last text is remembered.
let lastEffort = { attempt: 0, wholeMs: 0, protocol: "", text: "" };

/** Which try it is, how long it may take, and through whom it came. */
function effort({ attempt, remainingMs }: Onward, protocol: string): string {
  // A difference of times may miss a whole number by a hair.
  const wholeMs = Math.floor(remainingMs + HAIR_MS);
  const last = lastEffort;
  const same = last.attempt === attempt && last.wholeMs === wholeMs;
  if (same && last.protocol === protocol) return last.text;
  let text = `\r\nx-envoy-attempt-count: ${attempt}\r\n`;
  if (wholeMs < Number.POSITIVE_INFINITY) {
    text += `x-envoy-expected-rq-timeout-ms: ${Math.max(1, wholeMs)}\r\n`;
  }
  text += `via: ${protocol.slice("HTTP/".length)} ${PSEUDONYM}\r\n`;
  lastEffort = { attempt, wholeMs, protocol, text: flat(text) };
  return lastEffort.text;
}

const HAIR_MS = 0.001;

function leftOf({ remainingMs }: Onward): number {
  return Math.max(remainingMs, Math.floor(remainingMs + HAIR_MS));
}

/** The same text in one piece: one that is put together is put together anew by each write. */
function flat(text: string): string {
  return Buffer.from(text, "latin1").toString("latin1");
}

/** The same of a peer that is not trusted, which only depends on it and on the authority. */
function introduction(request: RequestHead, peer: Peer): string {
  const { authority } = request;
  if (peer.introduced?.authority !== authority) {
    // Flat, or else it would keep the head from which it was cut for as long as the connection lasts.
    const text = flat(forwardedText(request, peer));
    peer.introduced = { authority: flat(authority), text };
  }
  return peer.introduced.text;
}

/** Who asks for what, as far as it is known. */
function forwardedText(request: RequestHead, peer: Peer): string {
  const { fields, authority } = request;
  const { address, trusted } = peer;
  const chain = trusted ? fields.named("x-forwarded-for").join(", ") : "";
  const hops = chain === "" || address === "" ? chain + address : `${chain}, ${address}`;
  let text = hops === "" ? "" : `x-forwarded-for: ${hops}\r\n`;
  if (!trusted || fields.find(FORWARDED_PROTO) < 0)
    text += peer.secure === true ? "x-forwarded-proto: https\r\n" : "x-forwarded-proto: http\r\n";
  if (authority === "" || (trusted && fields.find(FORWARDED_HOST) >= 0)) return text;
  return `${text}x-forwarded-host: ${authority}\r\n`;
}

/**
 * The lines that go on, as they came; runs of them are copied in one piece. `before` is where a line
 * stands before them that goes on, too; -1 when there is none.
 */
function copied(
  fields: Fields,
  goesOn: Uint8Array,
  nominated: readonly string[],
  before = -1,
): string {
  const { count, text } = fields;
  let out = "";
  let run = before;
  for (let i = 0; i < count; i++) {
    const kept =
      goesOn[fields.id(i)] === 1 && !(nominated.length > 0 && isNominated(fields, i, nominated));
    if (kept && run < 0) run = fields.start(i);
    if (kept || run < 0) continue;
    out += text.slice(run, fields.start(i));
    run = -1;
  }
  return run < 0 ? out : out + text.slice(run, fields.start(count));
}

const PROTECTED_IDS = new Set(PROTECTED.map(idOf));

function isNominated(fields: Fields, index: number, nominated: readonly string[]): boolean {
  return (
    !PROTECTED_IDS.has(fields.id(index)) && nominated.includes(fields.name(index).toLowerCase())
  );
}

/** Max-Forwards counts for OPTIONS (and TRACE, which is not served): RFC 9110 7.6.2. */
function counted(request: RequestHead): boolean {
  return request.method === "OPTIONS" && request.fields.find(MAX_FORWARDS) >= 0;
}

function without(goesOn: Uint8Array, id: number): Uint8Array {
  const less = goesOn.slice();
  less[id] = 0;
  return less;
}

function maxForwardsText(fields: Fields): string {
  const value = fields.get(MAX_FORWARDS) ?? "";
  const hops = /^[0-9]{1,9}$/.test(value) ? Number(value) : undefined;
  return hops === undefined ? "" : `max-forwards: ${Math.max(0, hops - 1)}\r\n`;
}

/** Must this request be answered here, because it may not be forwarded any further? */
export function endsHere(request: RequestHead): boolean {
  return counted(request) && request.fields.named("max-forwards").some((hops) => /^0+$/.test(hops));
}

/** Has the request been here so often that it goes in a circle? */
export function isLoop(request: RequestHead): boolean {
  if (request.fields.find(VIA) < 0) return false;
  const hops = request.fields.named("via").join().matchAll(OUR_HOP);
  return hops.drop(MOST_VISITS).next().done !== true;
}

/** The id that the request came with. */
export function requestIdOf(request: RequestHead): string | undefined {
  if (request.fields.find(REQUEST_ID) < 0) return undefined;
  return request.fields.named("x-request-id").find((id) => id !== "");
}

/** As which try a trusted client sends it; 1 where nobody says. */
export function attemptCount(request: RequestHead, peer: Peer): number {
  if (!peer.trusted || request.fields.find(ATTEMPT_COUNT) < 0) return 1;
  const values = request.fields.named("x-envoy-attempt-count");
  return Math.max(1, ...values.filter((value) => /^[0-9]{1,9}$/.test(value)).map(Number));
}

/** What a trusted client says is left of its patience, in milliseconds. */
export function expectedTimeout(request: RequestHead, peer: Peer): number {
  if (!peer.trusted || request.fields.find(EXPECTED_TIMEOUT) < 0) return Number.POSITIVE_INFINITY;
  const values = request.fields.named("x-envoy-expected-rq-timeout-ms");
  const known = values.filter((value) => /^[0-9]{1,10}$/.test(value)).map(Number);
  return Math.min(Number.POSITIVE_INFINITY, ...known);
}

/**
 * What a call of gRPC says it may take as a whole, in milliseconds: Infinity where it says nothing, NaN where it is
 * not said as it should be. Anybody is believed, because it only ends what he waits for himself; but what comes of it
 * teaches nothing of the endpoint unless he is trusted.
 */
export function callTimeout(request: RequestHead): number {
  if (request.fields.find(GRPC_TIMEOUT) < 0) return Number.POSITIVE_INFINITY;
  const [value = "", ...more] = request.fields.named("grpc-timeout");
  return more.length > 0 ? Number.NaN : timeoutMs(value);
}

/** Does the endpoint switch to `protocol`, and to no other? */
export function switchesTo({ fields }: ResponseHead, protocol: string | undefined): boolean {
  return protocol !== undefined && fields.named("upgrade").join().toLowerCase() === protocol;
}

/**
 * The lines of a response that go to the client. What another Tidegate on the way says of itself is among
 * them, except where we say the same: `tiered`, of the tier.
 */
export function responseFields(head: ResponseHead, request: RequestHead, tiered = false): string {
  let goesOn = request.trailers ? TO_CLIENT_TRAILERS : TO_CLIENT;
  if ((head.status < 200 || head.status === 204) && head.fields.find(CONTENT_LENGTH) >= 0) {
    // RFC 9110 8.6 forbids it there, and a client that believes it waits for a body.
    goesOn = without(goesOn, CONTENT_LENGTH);
  }
  if (tiered && head.fields.find(TIER) >= 0) goesOn = without(goesOn, TIER);
  return copied(head.fields, goesOn, head.nominated);
}
