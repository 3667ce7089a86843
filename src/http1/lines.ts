// Field lines, read strictly from left to right: what is wrong is found at the first byte that is
// wrong, so a message gives the same verdict however it was cut into packets.
import type { Malformed } from "../core/exchange.ts";
import { type Fields, lookup } from "../core/fields.ts";
import type { Reason } from "../core/refusal.ts";
import { REFUSALS } from "../core/refusal.ts";
import { COLON, CR, LF, TOKEN, VALUE } from "./grammar.ts";

/** More bytes are needed. Positions are never negative. */
export const INCOMPLETE = -1;

/** Limits of a field section. */
export interface FieldLimits {
  /** Bytes of all field lines together. */
  readonly headerBytes: number;
  /** How many field lines. */
  readonly headers: number;
}

/** Names what is wrong. */
export function malformed(
  reason: Reason,
  detail: string,
  status: number = REFUSALS[reason].status,
): Malformed {
  return { reason, status, detail };
}

export const SLOW_HEAD = malformed("head_timeout", "the head was not complete in time");
export const SLOW_BODY = malformed("body_timeout", "the body came slower than the limit");

const TOO_MANY = malformed("headers_too_large", "more field lines than the limit");
const TOO_LARGE = malformed("headers_too_large", "field section larger than the limit");
const BAD_NAME = malformed(
  "bad_request",
  "field name is empty or holds a byte that may not be there",
);
const BAD_VALUE = malformed("bad_request", "field value holds a control byte or a bare CR or LF");
const BAD_END = malformed("bad_request", "CR without LF");

/**
 * Reads field lines from `position` up to and with the empty line that ends them.
 * Returns the position behind it, INCOMPLETE, or what is wrong. Fills and seals `fields`; their text is
 * for the caller to set, from the beginning of `bytes`.
 */
export function readFields(
  bytes: Buffer,
  position: number,
  fields: Fields,
  limits: FieldLimits,
): number | Malformed {
  const limit = position + limits.headerBytes;
  const { length } = bytes;
  // The last byte before the CR of a line can be two before the limit.
  const end = Math.min(length, limit - 1);
  let at = position;
  for (let lines = 0; ; lines++) {
    if (at >= length) return INCOMPLETE;
    if (bytes[at] === CR) return ended(bytes, at, fields);
    if (lines === limits.headers) return TOO_MANY;
    const start = at;
    while (at < end && TOKEN[bytes[at] as number] === 1) at++;
    if (at >= end) return end === limit - 1 ? TOO_LARGE : INCOMPLETE;
    if (at === start || bytes[at] !== COLON) return BAD_NAME;
    fields.add(start, lookup(bytes, start, at++));
    while (at < end && VALUE[bytes[at] as number] === 1) at++;
    if (at >= end) return end === limit - 1 ? TOO_LARGE : INCOMPLETE;
    if (bytes[at] !== CR) return BAD_VALUE;
    if (at + 1 >= length) return INCOMPLETE;
    if (bytes[at + 1] !== LF) return BAD_VALUE;
    at += 2;
  }
}

function ended(bytes: Buffer, at: number, fields: Fields): number | Malformed {
  if (at + 1 >= bytes.length) return INCOMPLETE;
  if (bytes[at + 1] !== LF) return BAD_END;
  fields.seal(at);
  return at + 2;
}
