// Was the upstream's answer passed on, cut or refused as the case wants?
import { type Field, members, type Response, readResponse, values } from "../support/message.ts";
import { type ResponseCase, reuseOf } from "./cases.ts";
import { plain } from "./judge.ts";
import type { Outcome } from "./responses.ts";
import { requestOf } from "./script.ts";

/** Fields of one hop, and those that are about the framing of one hop. */
const HOP = ["connection", "keep-alive", "proxy-connection", "te", "upgrade", "transfer-encoding"];
const REASONS: Readonly<Record<string, readonly string[]>> = {
  "502": ["upstream_reset", "upstream_protocol"],
  "504": ["upstream_timeout"],
};

/** Everything that is wrong; empty when the case passes. */
export function judgeResponse(wire: ResponseCase, seen: Outcome): readonly string[] {
  const allowed = [wire.expect, ...wire.accept].map(plain);
  const complaints = [...seen.complaints];
  if (!allowed.includes(seen.verdict)) {
    complaints.push(`wanted ${allowed.join(" or ")}, got ${seen.verdict}`);
  }
  if (seen.received.includes("EVIL")) complaints.push("bytes that are nobody's arrived");
  complaints.push(...misused(wire, seen), ...misattempted(wire, seen));
  if (seen.verdict === "forward") complaints.push(...changed(wire, seen));
  if (seen.verdict in REASONS) complaints.push(...misnamed(seen, wire));
  const extra = EXTRA[wire.id]?.(seen);
  return extra === undefined ? complaints : [...complaints, extra];
}

function misused(wire: ResponseCase, seen: Outcome): string[] {
  const reuse = reuseOf(wire);
  if (reuse === null || (reuse && seen.verdict !== plain(wire.expect))) return [];
  return seen.reused === reuse ? [] : [`upstream connection ${reuse ? "not " : ""}used again`];
}

/** What may be repeated goes at most twice; what may not goes once. */
function misattempted(wire: ResponseCase, seen: Outcome): string[] {
  const repeatable = /^(GET|HEAD|PUT|DELETE)/.test(wire.request);
  const most = repeatable ? 2 : 1;
  const count = seen.attempts.length;
  const differs = new Set(seen.attempts.map((each) => `${each.method} ${each.body}`)).size > 1;
  if (differs) return ["the second try was another request"];
  return count > most ? [`${count} attempts at one ${wire.request}`] : [];
}

function misnamed(
  { response, reason = "", verdict, closed }: Outcome,
  wire: ResponseCase,
): string[] {
  const complaints: string[] = [];
  if (!REASONS[verdict]?.includes(reason)) complaints.push(`${verdict} with reason ${reason}`);
  const body = response?.body.toString().trimEnd();
  if (wire.request !== "HEAD" && body !== reason) complaints.push(`body ${body}`);
  if (closed && !wire.request.includes("slow")) complaints.push("a good connection was closed");
  return complaints;
}

/** Status, body and end-to-end fields are the upstream's, in its order. */
function changed(wire: ResponseCase, { response }: Outcome): string[] {
  if (response === undefined) return [];
  const { method } = requestOf(wire);
  const reading = readResponse(Buffer.from(wire.raw, "latin1"), method, true);
  if (reading.state !== "whole") return changedBadly(wire, response);
  const sent = reading.message;
  const complaints: string[] = [];
  const reasonPhrase = (each: Response): string => each.startLine.slice("HTTP/1.1 ".length).trim();
  if (reasonPhrase(sent) !== reasonPhrase(response)) complaints.push(`now ${response.startLine}`);
  if (!sent.body.equals(response.body)) complaints.push(`body of ${response.body.length} bytes`);
  const named = members(sent.fields, "connection");
  const gone = [...HOP, ...named].filter((name) => name !== "content-length");
  complaints.push(
    ...lost(
      sent.fields.filter((field) => keeps(field, gone)),
      response.fields,
    ),
  );
  const kept = [...named, "keep-alive", "proxy-connection", "upgrade"].filter(
    (name) => !["close", "keep-alive", "content-length"].includes(name) || name === "keep-alive",
  );
  for (const name of kept) {
    if (values(response.fields, name).length > 0) complaints.push(`${name} was passed on`);
  }
  return complaints;
}

/** Our strict reader refuses what the upstream sent: only what is always true is checked. */
function changedBadly(wire: ResponseCase, response: Response): string[] {
  if (wire.then === "one-byte-per-second")
    return response.body.length === 100 ? [] : ["bytes lost"];
  if (wire.raw.startsWith("HTTP/1.1 204")) return response.body.length === 0 ? [] : ["a 204 body"];
  const body = response.body.toString();
  return body === "ok" || body === "hello" ? [] : [`body ${body}`];
}

function keeps(field: Field, gone: readonly string[]): boolean {
  const name = field.name.toLowerCase();
  return !gone.includes(name) && name !== "trailer" && name !== "content-length";
}

/** The lines of `wanted` that are not in `got`, or not in that order. */
function lost(wanted: readonly Field[], got: readonly Field[]): string[] {
  const lines = got.map(({ name, value }) => `${name}: ${value}`);
  let at = 0;
  for (const { name, value } of wanted) {
    const found = lines.indexOf(`${name}: ${value}`, at);
    if (found < 0) return [`field ${name}: ${value} is lost, changed or out of order`];
    at = found + 1;
  }
  return [];
}

/** What single cases want besides. */
const EXTRA: Readonly<Record<string, (seen: Outcome) => string | undefined>> = {
  "r-close-delimited": (seen) => framedAs(seen, "chunked"),
  "r-103": (seen) => interim(seen, "103"),
  "own-r-1xx-two": (seen) => interim(seen, "102 103"),
  "own-r-103-10": (seen) => interim(seen, ""),
  "own-r-103-hop": (seen) =>
    /x-foo/i.test(seen.received) ? "x-foo arrived" : interim(seen, "103"),
  "own-r-chunked-10": (seen) => framedAs(seen, "close"),
  "own-r-chunked-10-keepalive": (seen) => framedAs(seen, "close"),
  "own-r-close-delimited-10": (seen) => framedAs(seen, "close"),
  "own-r-trailers-10": (seen) => framedAs(seen, "close"),
  "own-r-cl-10": (seen) => (seen.closed ? "the connection was closed" : framedAs(seen, "length")),
  "r-head-cl": (seen) => field(seen, "content-length", "1000"),
  "own-r-head-404": (seen) => field(seen, "content-length", "9"),
  "r-304-cl": (seen) => field(seen, "content-length", "4"),
  "own-r-204-cl": (seen) => field(seen, "content-length", undefined),
  "own-r-204-chunked": (seen) => field(seen, "transfer-encoding", undefined),
  "own-r-chunk-ext": (seen) => (seen.received.includes(";") ? "an extension arrived" : undefined),
  "own-r-connection-close": (seen) => (seen.closed ? "the client was closed too" : undefined),
  "own-r-http10": (seen) => (seen.closed ? "the client was closed too" : undefined),
  "own-r-trailers-te": (seen) => trailers(seen, "X-Sum: 1"),
  "own-r-trailers-te-bad": (seen) => trailers(seen, "X-Sum: 1"),
  "found-r-tr-nominated": (seen) => trailers(seen, "X-Sum: 1"),
  "own-r-trailers-none": (seen) => trailers(seen, ""),
  "r-trailer-cl": (seen) => trailers(seen, ""),
  "own-r-te-cl": (seen) => notBoth(seen),
  "own-r-cl-te": (seen) => notBoth(seen),
  "own-r-te-cl-0": (seen) => notBoth(seen),
  "r-stale-reuse": twice,
  "own-r-reused-408": twice,
  "own-r-reused-rst-put": (seen) => {
    const body = seen.attempts.at(-1)?.body.toString();
    return body === "hello" ? undefined : `the second try had body ${body}`;
  },
};

function interim({ response }: Outcome, wanted: string): string | undefined {
  const got = response?.interim.map((each) => each.status).join(" ");
  return got === wanted ? undefined : `interim responses: ${got}`;
}

function framedAs({ response }: Outcome, wanted: Response["framing"]): string | undefined {
  return response?.framing === wanted ? undefined : `framed by ${response?.framing}`;
}

function field(
  { response }: Outcome,
  name: string,
  wanted: string | undefined,
): string | undefined {
  const got = values(response?.fields ?? [], name)[0];
  return got === wanted ? undefined : `${name} is ${got}`;
}

function trailers({ response, verdict }: Outcome, wanted: string): string | undefined {
  if (verdict !== "forward") return undefined;
  const got = response?.trailers.map(({ name, value }) => `${name}: ${value}`).join("; ");
  return got === wanted ? undefined : `trailers: ${got}`;
}

function notBoth({ response }: Outcome): string | undefined {
  const names = response?.fields.map(({ name }) => name.toLowerCase()) ?? [];
  const both = names.includes("content-length") && names.includes("transfer-encoding");
  return both ? "both lengths arrived" : undefined;
}

function twice({ attempts }: Outcome): string | undefined {
  const links = new Set(attempts.map((each) => each.link));
  return links.size === 2 ? undefined : `tried on ${links.size} connections`;
}
