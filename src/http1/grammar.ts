// Which byte may stand where, as tables (RFC 9110 5.6.2, 5.5; RFC 9112 3, 5).
import { isIPv6 } from "node:net";

/** tchar: what a method or a field name consists of. */
export const TOKEN = table(
  "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
);

/** field-vchar, obs-text, SP and HTAB: what a field value or a reason phrase consists of. */
export const VALUE = range((code) => code === 9 || (code >= 32 && code !== 127));

/**
 * What a request-target consists of here: visible ASCII but "#". That is more than RFC 3986 has, for
 * browsers send `[ ] { } | ^` as they are, and no reader of a target ends it at one of these.
 */
export const TARGET = range((code) => code > 32 && code < 127 && code !== 35);

export const HEX = hexadecimal();

export const CR = 13;
export const LF = 10;
export const SP = 32;
export const SLASH = 47;
export const ZERO = 48;
export const NINE = 57;
export const COLON = 58;

function table(characters: string): Uint8Array {
  const bytes = new Uint8Array(256);
  for (const character of characters) bytes[character.charCodeAt(0)] = 1;
  return bytes;
}

function range(allowed: (code: number) => boolean): Uint8Array {
  return Uint8Array.from({ length: 256 }, (_, code) => (allowed(code) ? 1 : 0));
}

/** The value of a hexadecimal digit; 255 for every other byte. */
function hexadecimal(): Uint8Array {
  const bytes = new Uint8Array(256).fill(255);
  for (let value = 0; value < 16; value++) {
    bytes[value.toString(16).charCodeAt(0)] = value;
    bytes[value.toString(16).toUpperCase().charCodeAt(0)] = value;
  }
  return bytes;
}

const HOST = /^(?:\[([0-9a-fA-F:.]+)\]|[A-Za-z0-9._~-]+)(?::([0-9]{1,5}))?$/;

/** Is this `host[:port]` as Host and an absolute target may name it? No userinfo, no list, no blank. */
export function isAuthority(text: string): boolean {
  const match = HOST.exec(text);
  if (match === null) return false;
  const [, literal, port] = match;
  return (
    (literal === undefined || isIPv6(literal)) && (port === undefined || Number(port) <= 65535)
  );
}
