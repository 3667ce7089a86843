// What the fields of a message say about its body and its connection: RFC 9112 6.3 and 9.3, with
// everything that two readers could understand differently refused.
import type { Framing, Malformed } from "../core/exchange.ts";
import { type Fields, idOf, members, trim } from "../core/fields.ts";
import { TOKEN } from "./grammar.ts";
import { malformed } from "./lines.ts";

const CONNECTION = idOf("connection");
const CONTENT_LENGTH = idOf("content-length");
const TRANSFER_ENCODING = idOf("transfer-encoding");

const NONE: Framing = { kind: "none" };
const CHUNKED: Framing = { kind: "chunked" };

const BAD_LENGTH = malformed("bad_request", "Content-Length is not one decimal number");
const BOTH = malformed("bad_request", "both Content-Length and Transfer-Encoding");
const BAD_CODING = malformed("bad_request", "Transfer-Encoding is not exactly chunked");
const OTHER_CODING = malformed("bad_request", "transfer coding other than chunked", 501);
const OLD_CODING = malformed("bad_request", "Transfer-Encoding in HTTP/1.0");

/** The framing that the fields declare; `none` when they declare nothing. */
export function declaredFraming(fields: Fields, minor: number): Framing | Malformed {
  const length = fields.find(CONTENT_LENGTH);
  const coding = fields.find(TRANSFER_ENCODING);
  if (length < 0 && coding < 0) return NONE;
  if (length >= 0 && coding >= 0) return BOTH;
  if (coding >= 0) return codingFraming(fields, coding, minor);
  if (fields.find(CONTENT_LENGTH, length + 1) >= 0) return BAD_LENGTH;
  const bytes = decimal(fields.value(length));
  return bytes < 0 ? BAD_LENGTH : { kind: "length", bytes };
}

/** What the digits say; -1 when it is not digits alone. Fifteen of them stay below 2^53. */
function decimal(text: string): number {
  if (text === "" || text.length > 15) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}

function codingFraming(fields: Fields, index: number, minor: number): Framing | Malformed {
  if (minor === 0) return OLD_CODING;
  if (fields.find(TRANSFER_ENCODING, index + 1) >= 0) return BAD_CODING;
  const value = fields.value(index).toLowerCase();
  // A tab around it is legal, and there are readers that do not see "chunked" then.
  if (fields.whole(index).includes("\t")) return BAD_CODING;
  if (value === "chunked") return CHUNKED;
  const codings = value.split(",").map((coding) => trim(coding, 0, coding.length));
  if (!codings.every(isToken)) return BAD_CODING;
  return codings.indexOf("chunked") === codings.length - 1 ? OTHER_CODING : BAD_CODING;
}

function isToken(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  return text !== "";
}

/** What Connection says. */
export interface ConnectionOptions {
  readonly close: boolean;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  /** The other names: fields that are for this hop only. */
  readonly nominated: readonly string[];
}

const SILENT: ConnectionOptions = { close: false, keepAlive: false, upgrade: false, nominated: [] };
const CLOSE: ConnectionOptions = { ...SILENT, close: true };
const KEEP_ALIVE: ConnectionOptions = { ...SILENT, keepAlive: true };
/** Bytes of all Connection values together: each name is looked for among all fields. */
const OPTIONS_BYTES = 1024;
const LONG_OPTIONS = malformed("bad_request", "Connection longer than 1 KiB");
const OWN = new Set(["close", "keep-alive", "upgrade"]);

/** Reads every Connection line; the common ones cost no allocation. */
export function connectionOptions(fields: Fields): ConnectionOptions | Malformed {
  const first = fields.find(CONNECTION);
  if (first < 0) return SILENT;
  if (fields.find(CONNECTION, first + 1) < 0) {
    const value = fields.value(first);
    if (value === "keep-alive" || value === "Keep-Alive") return KEEP_ALIVE;
    if (value === "close") return CLOSE;
  }
  const values = fields.named("connection");
  if (values.join().length > OPTIONS_BYTES) return LONG_OPTIONS;
  const names = values.flatMap(members);
  return {
    close: names.includes("close"),
    keepAlive: names.includes("keep-alive"),
    upgrade: names.includes("upgrade"),
    nominated: names.filter((name) => !OWN.has(name)),
  };
}
