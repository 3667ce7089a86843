// The head of a response: a raw header array in, ResponseHead out, or what is wrong with it.
import type { Framing, ResponseHead } from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import { isUnframed } from "../core/status.ts";
import { acceptFor } from "../core/websocket.ts";
import { declaredFraming } from "../http1/framing.ts";
import type { FieldLimits } from "../http1/lines.ts";
import { addField, addRaw } from "./fields.ts";
import type { OnwardHead } from "./onward.ts";

const { STATUS_CODES } = process.getBuiltinModule("node:http");

const STATUS = /^[1-9][0-9]{2}$/;
const NONE: Framing = { kind: "none" };
/** No length is said: whoever goes on with it in HTTP/1.1 has to chunk it. */
const UNKNOWN: Framing = { kind: "chunked" };

/**
 * Reads a response head that answers a request with `method`; returns what is wrong where it is malformed.
 * nghttp2 has seen to the rest: pseudo-header fields, connection-specific ones, and DATA that is more or less
 * than content-length says.
 */
export function answerHead(
  raw: readonly string[],
  method: string,
  limits: FieldLimits,
): ResponseHead | string {
  const text = raw[1] ?? "";
  if (raw[0] !== ":status" || !STATUS.test(text)) return "no status of three digits";
  const status = Number(text);
  if (status === 101) return "101 in HTTP/2";
  const fields = new Fields();
  if (!addRaw(fields, raw)) return "a field name or value holds what may not be there";
  if (fields.count > limits.headers) return "more field lines than the limit";
  if (fields.text.length > limits.headerBytes) return "field section larger than the limit";
  const declared = declaredFraming(fields, 1);
  if ("reason" in declared) return declared.detail;
  return {
    ...SAME,
    status,
    phrase: phraseOf(status),
    fields,
    framing: framingOf(declared, status, method),
  };
}

const SAME = { nominated: [], keepAlive: true, body: undefined } as const;

function phraseOf(status: number): string {
  return STATUS_CODES[status] ?? "";
}

function framingOf(declared: Framing, status: number, method: string): Framing {
  if (method === "HEAD" || isUnframed(status)) return NONE;
  return declared.kind === "none" ? UNKNOWN : declared;
}

/** The answer to an extended CONNECT that was let through, as HTTP/1.1 would say it: RFC 8441 5. */
export function switched(head: ResponseHead, { upgrade, key }: OnwardHead): ResponseHead {
  const fields = new Fields();
  for (let i = 0; i < head.fields.count; i++) {
    addField(fields, head.fields.name(i), head.fields.value(i));
  }
  addField(fields, "upgrade", upgrade ?? "");
  if (key !== undefined) addField(fields, "sec-websocket-accept", acceptFor(key));
  fields.seal(fields.text.length);
  return { ...head, status: 101, phrase: phraseOf(101), fields, framing: NONE };
}

/** The trailers; undefined where they are malformed. */
export function answerTrailers(raw: readonly string[], limits: FieldLimits): Fields | undefined {
  const fields = new Fields();
  const sound = addRaw(fields, raw) && fields.count <= limits.headers;
  return sound && fields.text.length <= limits.headerBytes ? fields : undefined;
}
