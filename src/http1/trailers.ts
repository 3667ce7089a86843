// Trailer fields on their way through: RFC 9110 6.5.1.
import { type Fields, idOf } from "../core/fields.ts";

const CONTENT_LENGTH = idOf("content-length");
const TRANSFER_ENCODING = idOf("transfer-encoding");

/**
 * The lines that may go on, which Connection has not `nominated`, in lower case (RFC 9110 7.6.1). A trailer that frames, routes, authenticates or describes the message
 * must not be merged into a header section later, so every name that means something to us stays here.
 */
export function safeTrailers(
  trailers: Fields | undefined,
  nominated: readonly string[] = [],
): string {
  let text = "";
  if (trailers === undefined) return text;
  for (let i = 0; i < trailers.count; i++) {
    if (trailers.id(i) !== 0 || nominated.includes(trailers.name(i).toLowerCase())) continue;
    text += `${trailers.name(i)}: ${trailers.value(i)}\r\n`;
  }
  return text;
}

/** Do they speak of where a message ends? Then whoever sent them may think that another one follows. */
export function framed(trailers: Fields): boolean {
  return trailers.find(CONTENT_LENGTH) >= 0 || trailers.find(TRANSFER_ENCODING) >= 0;
}
