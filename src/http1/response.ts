// The head of a response: bytes in, ResponseHead out, or the reason why not. RFC 9112 4 and 6.3.
import type { Framing, Malformed, ResponseHead } from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import { isUnframed } from "../core/status.ts";
import { connectionOptions, declaredFraming } from "./framing.ts";
import { CR, LF, NINE, SP, VALUE, ZERO } from "./grammar.ts";
import { type FieldLimits, INCOMPLETE, malformed, readFields } from "./lines.ts";

/** A response head and where it ends in the text that was read. */
export interface ParsedResponse {
  readonly head: ResponseHead;
  readonly end: number;
}

const BAD_LINE = malformed("upstream_protocol", "no HTTP/1.x status line");
const BAD_CODE = malformed("upstream_protocol", "status below 100");
const OLD_INTERIM = malformed("upstream_protocol", "interim response in HTTP/1.0");
const LONG_LINE = malformed("upstream_protocol", "reason phrase longer than 1024 bytes");
const PHRASE_BYTES = 1024;
/** Up to so many bytes behind a head are taken over with it, as one text. */
const SHORT_BODY = 4096;

// "9" stands for any digit. The minor version may be 0, too.
const STATUS = "HTTP/1.1 999";
const MINOR = 7;

/**
 * Reads a response head from the beginning of `bytes`, which answers a request with `method`. Returns
 * it, or INCOMPLETE, or what is wrong with it.
 */
export function parseResponse(
  bytes: Buffer,
  method: string,
  limits: FieldLimits,
): ParsedResponse | Malformed | typeof INCOMPLETE {
  const wrong = statusPrefix(bytes);
  if (wrong !== undefined) return wrong;
  const minor = digit(bytes, 7);
  const status = digit(bytes, 9) * 100 + digit(bytes, 10) * 10 + digit(bytes, 11);
  if (status < 100) return BAD_CODE;
  if (status < 200 && minor === 0) return OLD_INTERIM;
  const phraseEnd = phrase(bytes);
  if (typeof phraseEnd !== "number" || phraseEnd === INCOMPLETE) return phraseEnd;
  const fields = new Fields();
  const end = readFields(bytes, phraseEnd + 2, fields, limits);
  if (end === INCOMPLETE) return INCOMPLETE;
  if (typeof end !== "number") return upstream(end);
  const { length } = bytes;
  fields.text = bytes.toString("latin1", 0, length - end <= SHORT_BODY ? length : end);
  const declared = declaredFraming(fields, minor);
  if ("reason" in declared) return upstream(declared);
  const framing = responseFraming(declared, status, method);
  const options = connectionOptions(fields);
  if ("reason" in options) return upstream(options);
  const persistent = minor === 1 ? !options.close : options.keepAlive && !options.close;
  const head: ResponseHead = {
    status,
    phrase: fields.text.slice(STATUS.length + 1, phraseEnd),
    fields,
    framing,
    nominated: options.nominated,
    keepAlive: persistent && framing.kind !== "close",
    body: wholeBody(framing, fields.text, end),
  };
  return { head, end };
}

function digit(bytes: Buffer, at: number): number {
  return (bytes[at] as number) - ZERO;
}

function statusPrefix(bytes: Buffer): Malformed | typeof INCOMPLETE | undefined {
  for (let i = 0; i < STATUS.length; i++) {
    if (i === bytes.length) return INCOMPLETE;
    const code = bytes[i] as number;
    const expected = STATUS.charCodeAt(i);
    const fits =
      expected === NINE
        ? code >= ZERO && code <= NINE
        : code === expected || (i === MINOR && code === ZERO);
    if (!fits) return BAD_LINE;
  }
  return undefined;
}

/** Where the phrase ends. A server that sends none may leave out the space before it, too. */
function phrase(bytes: Buffer): number | Malformed {
  const { length } = bytes;
  let at = STATUS.length;
  if (at === length) return INCOMPLETE;
  if (bytes[at] === SP) {
    const start = ++at;
    const end = Math.min(length, start + PHRASE_BYTES + 1);
    while (at < end && VALUE[bytes[at] as number] === 1) at++;
    if (at - start > PHRASE_BYTES) return LONG_LINE;
    if (at === length) return INCOMPLETE;
  }
  if (bytes[at] !== CR) return BAD_LINE;
  if (at + 1 === length) return INCOMPLETE;
  return bytes[at + 1] === LF ? at : BAD_LINE;
}

/** The same trouble is the client's in a request and the endpoint's in a response. */
function upstream(found: Malformed): Malformed {
  return malformed("upstream_protocol", found.detail);
}

/** The body, where all of it is in `text` from `end` on. */
function wholeBody(framing: Framing, text: string, end: number): string | undefined {
  if (framing.kind !== "length" || framing.bytes === 0) return undefined;
  const bodyEnd = end + framing.bytes;
  return bodyEnd <= text.length ? text.slice(end, bodyEnd) : undefined;
}

const NONE: Framing = { kind: "none" };
const CLOSE: Framing = { kind: "close" };

/** RFC 9112 6.3, rules 1 and 8. */
function responseFraming(declared: Framing, status: number, method: string): Framing {
  if (method === "HEAD" || isUnframed(status)) return NONE;
  return declared.kind === "none" ? CLOSE : declared;
}
