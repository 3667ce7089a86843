// The head of a response: bytes in, ResponseHead out, or the reason why not. RFC 9112 4 and 6.3.
import type { Framing, Malformed, ResponseHead } from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import { connectionOptions, declaredFraming } from "./framing.ts";
import { CR, LF, SP, VALUE } from "./grammar.ts";
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

// "9" stands for any digit, "x" for a minor version.
const STATUS = "HTTP/1.x 999";

/**
 * Reads a response head from the beginning of `text` (one character per byte), which answers a
 * request with `method`. Returns it, or INCOMPLETE, or what is wrong with it.
 */
export function parseResponse(
  text: string,
  method: string,
  limits: FieldLimits,
): ParsedResponse | Malformed | typeof INCOMPLETE {
  const wrong = statusPrefix(text);
  if (wrong !== undefined) return wrong;
  const status = Number(text.slice(9, 12));
  if (status < 100) return BAD_CODE;
  if (status < 200 && text[7] === "0") return OLD_INTERIM;
  const phraseEnd = phrase(text);
  if (typeof phraseEnd !== "number" || phraseEnd === INCOMPLETE) return phraseEnd;
  const fields = new Fields(text);
  const end = readFields(text, phraseEnd + 2, fields, limits);
  if (end === INCOMPLETE) return INCOMPLETE;
  if (typeof end !== "number") return upstream(end);
  const minor = text.charCodeAt(7) - 48;
  const declared = declaredFraming(fields, minor);
  if ("reason" in declared) return upstream(declared);
  const framing = responseFraming(declared, status, method);
  const options = connectionOptions(fields);
  const persistent = minor === 1 ? !options.close : options.keepAlive && !options.close;
  const head: ResponseHead = {
    status,
    phrase: text.slice(13, phraseEnd),
    fields,
    framing,
    nominated: options.nominated,
    keepAlive: persistent && framing.kind !== "close",
  };
  return { head, end };
}

function statusPrefix(text: string): Malformed | typeof INCOMPLETE | undefined {
  if (text.startsWith("HTTP/1.1 200 ")) return undefined;
  for (let i = 0; i < STATUS.length; i++) {
    if (i === text.length) return INCOMPLETE;
    const code = text.charCodeAt(i);
    const expected = STATUS[i];
    if (
      expected === "9"
        ? code < 48 || code > 57
        : expected === "x"
          ? code < 48 || code > 49
          : code !== STATUS.charCodeAt(i)
    ) {
      return BAD_LINE;
    }
  }
  return undefined;
}

/** Where the phrase ends. A server that sends none may leave out the space before it, too. */
function phrase(text: string): number | Malformed {
  let at = STATUS.length;
  if (at === text.length) return INCOMPLETE;
  if (text.charCodeAt(at) === SP) {
    const start = ++at;
    const end = Math.min(text.length, start + PHRASE_BYTES + 1);
    while (at < end && VALUE[text.charCodeAt(at)] === 1) at++;
    if (at - start > PHRASE_BYTES) return LONG_LINE;
    if (at === text.length) return INCOMPLETE;
  }
  if (text.charCodeAt(at) !== CR) return BAD_LINE;
  if (at + 1 === text.length) return INCOMPLETE;
  return text.charCodeAt(at + 1) === LF ? at : BAD_LINE;
}

/** The same trouble is the client's in a request and the endpoint's in a response. */
function upstream(found: Malformed): Malformed {
  return malformed("upstream_protocol", found.detail);
}

const NONE: Framing = { kind: "none" };
const CLOSE: Framing = { kind: "close" };

/** RFC 9112 6.3, rules 1 and 8. */
function responseFraming(declared: Framing, status: number, method: string): Framing {
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return NONE;
  return declared.kind === "none" ? CLOSE : declared;
}
