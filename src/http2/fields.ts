// Raw header arrays of node:http2, `[name, value, name, value, …]`, to and from field lines. What HTTP/2
// carries is carried on as if it had been read from HTTP/1.1 lines: one kind of `Fields` for every protocol.
import { type Fields, idNamed, trim } from "../core/fields.ts";
import { SP, TOKEN, VALUE } from "../http1/grammar.ts";

/** Adds the line `name: value` behind the others; `name` is in lower case. */
export function addField(fields: Fields, name: string, value: string): void {
  fields.add(fields.text.length, idNamed(name));
  fields.text += `${name}: ${value}\r\n`;
}

/** Is `name` a field name in lower case, and `value` what may stand behind it: RFC 9113 8.2.1? */
export function isSound(name: string, value: string): boolean {
  if (idNamed(name) === 0 && !(consistsOf(TOKEN, name) && name !== "" && !UPPER.test(name)))
    return false;
  return consistsOf(VALUE, value) && !isBlank(value, 0) && !isBlank(value, value.length - 1);
}

const UPPER = /[A-Z]/;

function consistsOf(table: Uint8Array, text: string): boolean {
  for (let i = 0; i < text.length; i++) if (table[text.charCodeAt(i)] !== 1) return false;
  return true;
}

function isBlank(text: string, index: number): boolean {
  const code = text.charCodeAt(index);
  return code === SP || code === TAB;
}

const TAB = 9;

/**
 * Adds the fields of `raw`, but no pseudo-header field, and seals. False when one of them could not stand in
 * a line: then the message is malformed, whether or not nghttp2 has let it through.
 */
export function addRaw(fields: Fields, raw: readonly string[]): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.charCodeAt(0) === COLON) continue;
    const value = raw[i + 1] as string;
    if (!isSound(name, value)) return false;
    addField(fields, name, value);
  }
  fields.seal(fields.text.length);
  return true;
}

const COLON = 58;

/**
 * Puts the field lines of `text` from `start` on, each ended by CRLF, into `raw`, names in lower case. An empty
 * line ends them, too. They must not be connection-specific ones: HTTP/2 has none (RFC 9113 8.2.2).
 */
export function pushRaw(raw: string[], text: string, start = 0): void {
  for (let at = start; at < text.length; ) {
    const end = text.indexOf("\r\n", at);
    const colon = text.indexOf(":", at);
    if (end <= at || colon < 0 || colon > end) return;
    raw.push(text.slice(at, colon).toLowerCase(), trim(text, colon + 1, end));
    at = end + 2;
  }
}

/** `raw` as an object, as trailers and 1xx want it: where several fields have one name, all of them. */
export function headersOf(raw: readonly string[]): Record<string, string | string[]> {
  const headers: Record<string, string | string[]> = Object.create(null);
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    const before = headers[name];
    headers[name] = before === undefined ? value : [before, value].flat();
  }
  return headers;
}
