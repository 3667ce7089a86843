// One line of the access log: JSON, ASCII, and at most LINE_BYTES long whatever a client sent.
//
// It is put together by hand, because this runs once for every request: JSON.stringify takes half as
// long again, since it is slow with strings that are slices of a head. Each value is cut to a limit
// of its own after it was escaped, so that the line fits into what a pipe takes whole.
import type { AccessRecord } from "../core/access.ts";
import { REFUSALS } from "../core/refusal.ts";

/** The longest line there can be: the limits below, the keys, and the numbers. */
export const LINE_BYTES = 4096;

const PATH_LIMIT = 1024;
const HOST_LIMIT = 512;
const TEXT_LIMIT = 256;
const NAME_LIMIT = 128;
const SHORT_LIMIT = 64;

/** The record as one line of JSON, ended by a newline. Fields without a value are left out. */
export function accessLine(record: AccessRecord): string {
  return `{"time":"${isoTime(record.time)}"${where(record)}${asked(record)}${answered(record)}}\n`;
}

function where({ listener, route, cluster, endpoint }: AccessRecord): string {
  return (
    `,"listener":"${name(listener)}"` +
    (route === undefined ? "" : `,"route":"${name(route)}"`) +
    (cluster === undefined ? "" : `,"cluster":"${name(cluster)}"`) +
    (endpoint === undefined ? "" : `,"endpoint":"${name(endpoint)}"`)
  );
}

function asked(record: AccessRecord): string {
  return (
    `,"peer":"${escaped(record.peer, SHORT_LIMIT)}"` +
    `,"protocol":"${record.protocol}"` +
    `,"method":"${escaped(record.method, SHORT_LIMIT)}"` +
    `,"host":"${escaped(withoutUser(record.host), HOST_LIMIT)}"` +
    `,"path":"${escaped(withoutQuery(record.path), PATH_LIMIT)}"`
  );
}

function answered(record: AccessRecord): string {
  const { grpcStatus, reason, tier, detail, outcome, hedge, requestId } = record;
  return (
    admitted(record) +
    `,"status":${record.status}` +
    (grpcStatus === undefined ? "" : `,"grpc_status":${grpcStatus}`) +
    (reason === undefined ? "" : `,"reason":"${reason}","flag":"${REFUSALS[reason].flag}"`) +
    (tier === undefined ? "" : `,"tier":"${tier}"`) +
    (detail === undefined ? "" : `,"detail":"${escaped(detail, TEXT_LIMIT)}"`) +
    (outcome === undefined ? "" : `,"outcome":"${outcome}"`) +
    `,"ending":"${record.ending}","attempts":${record.attempts}` +
    (hedge === undefined ? "" : `,"hedge":"${hedge}"`) +
    (requestId === undefined ? "" : `,"request_id":"${escaped(requestId, TEXT_LIMIT)}"`) +
    `,"bytes_in":${record.bytesIn},"bytes_out":${record.bytesOut}` +
    `,"duration_ms":${Math.round(record.durationMs * 1000) / 1000}`
  );
}

/** Only where there is a limit. */
function admitted({ admission }: AccessRecord): string {
  if (admission === undefined) return "";
  const { criticality, limit, inFlight, queuedMs } = admission;
  const waited = queuedMs === undefined ? "" : `,"queued_ms":${Math.round(queuedMs * 1000) / 1000}`;
  return `,"criticality":"${criticality}","limit":${limit},"in_flight":${inFlight}${waited}`;
}

const UNSAFE = /[^\x20-\x7e]|["\\]/;

/** JSON string content in ASCII, at most `limit` long; a byte above 0x7e of a head is `\u00xx`. */
export function escaped(value: string, limit: number): string {
  if (value.length <= limit && !UNSAFE.test(value)) return value;
  const end = Math.min(value.length, limit);
  let text = "";
  for (let index = 0; index < end; index++) {
    const next = escapedUnit(value, index);
    if (text.length + next.length > limit) break;
    text += next;
  }
  return text;
}

function escapedUnit(value: string, index: number): string {
  const code = value.charCodeAt(index);
  if (code === 0x22 || code === 0x5c) return `\\${value[index]}`;
  if (code >= 0x20 && code <= 0x7e) return value.charAt(index);
  return `\\u${code.toString(16).padStart(4, "0")}`;
}

/** Names of the config are escaped once. Endpoints come and go, so the memory has an end. */
const names = new Map<string, string>();
const MAX_NAMES = 1000;

function name(value: string): string {
  const known = names.get(value);
  if (known !== undefined) return known;
  if (names.size >= MAX_NAMES) names.clear();
  const text = escaped(value, NAME_LIMIT);
  names.set(value, text);
  return text;
}

/** Records hold no query; should one ever do so, it still does not get into the log. */
function withoutQuery(path: string): string {
  const query = path.indexOf("?");
  return query === -1 ? path : path.slice(0, query);
}

/** Likewise for `user:password@` before a host. */
function withoutUser(host: string): string {
  const at = host.lastIndexOf("@");
  return at === -1 ? host : host.slice(at + 1);
}

let second = Number.NaN;
let prefix = "";

/** As `Date.prototype.toISOString`, which is called once per second and not once per request. */
function isoTime(wallMs: number): string {
  const ms = Math.floor(wallMs);
  const current = Math.floor(ms / 1000);
  if (current !== second) {
    second = current;
    prefix = new Date(current * 1000).toISOString().slice(0, -4);
  }
  const rest = ms - current * 1000;
  return `${prefix}${rest < 10 ? "00" : rest < 100 ? "0" : ""}${rest}Z`;
}
