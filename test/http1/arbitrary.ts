// Well-formed messages of every kind, for properties.
import fc, { type Arbitrary } from "fast-check";

const TCHARS =
  "!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ".split("");
const VISIBLE = latin1((code) => code > 32 && code !== 127);
const VALUE_CHARS = [...VISIBLE, " ", "\t"];
const TARGET_CHARS = latin1((code) => code > 32 && code < 127 && code !== 35);

/** A field line before it is written; `name` and `value` are what a reader is to see. */
export interface Line {
  readonly name: string;
  readonly before: string;
  readonly value: string;
  readonly behind: string;
}

/** How a body is written. */
export type Body =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: string }
  | {
      readonly kind: "chunked";
      readonly chunks: readonly Chunk[];
      readonly trailers: readonly Line[];
    };

export interface Chunk {
  readonly bytes: string;
  readonly zeros: string;
  readonly upper: boolean;
  readonly extension: string;
}

/** Characters with codes below 256 that fit. */
function latin1(fits: (code: number) => boolean): string[] {
  return Array.from({ length: 256 }, (_, code) => code)
    .filter(fits)
    .map((code) => String.fromCharCode(code));
}

function text(characters: readonly string[], least: number, most: number): Arbitrary<string> {
  const unit = fc.constantFrom(...characters);
  return fc.string({ unit, minLength: least, maxLength: most });
}

export const token: Arbitrary<string> = text(TCHARS, 1, 12);

/** A name that means nothing to anybody: no known field begins so. */
export const strangeName: Arbitrary<string> = token.map((rest) => `z-${rest}`);

export const blank: Arbitrary<string> = text([" ", "\t"], 0, 3);

/** A field value as a reader is to see it: nothing blank at its ends. */
export const value: Arbitrary<string> = fc.oneof(
  fc.constant(""),
  text(VISIBLE, 1, 1),
  fc
    .tuple(text(VISIBLE, 1, 1), text(VALUE_CHARS, 0, 20), text(VISIBLE, 1, 1))
    .map((v) => v.join("")),
);

export const line: Arbitrary<Line> = fc.record({
  name: strangeName,
  before: blank,
  value,
  behind: blank,
});

export const path: Arbitrary<string> = text(TARGET_CHARS, 0, 40).map((rest) => `/${rest}`);

/** Any bytes, as text of one character each. */
export const bytes: Arbitrary<string> = text(
  latin1(() => true),
  0,
  60,
);

const quoted = text([...VALUE_CHARS.filter((c) => c !== '"' && c !== "\\"), '\\"', "\\\\"], 0, 6);

const extension: Arbitrary<string> = fc.oneof(
  token.map((name) => `;${name}`),
  fc.tuple(token, token).map(([name, word]) => `;${name}=${word}`),
  fc.tuple(token, quoted).map(([name, words]) => `;${name}="${words}"`),
);

const chunk: Arbitrary<Chunk> = fc.record({
  bytes: bytes.filter((data) => data !== ""),
  zeros: fc.constantFrom("", "", "0", "000"),
  upper: fc.boolean(),
  extension: fc.array(extension, { maxLength: 2 }).map((all) => all.join("")),
});

export const body: Arbitrary<Body> = fc.oneof(
  fc.constant<Body>({ kind: "none" }),
  bytes.map((data): Body => ({ kind: "length", bytes: data })),
  fc
    .tuple(fc.array(chunk, { maxLength: 5 }), fc.array(line, { maxLength: 3 }))
    .map(([chunks, trailers]): Body => ({ kind: "chunked", chunks, trailers })),
);

/** The lines as they go over the wire. */
export function linesText(lines: readonly Line[]): string {
  return lines.map((l) => `${l.name}:${l.before}${l.value}${l.behind}\r\n`).join("");
}

/** The field line that declares a body; empty where there is none. */
export function framingText(what: Body): string {
  if (what.kind === "none") return "";
  return what.kind === "length"
    ? `Content-Length: ${what.bytes.length}\r\n`
    : "transfer-encoding: Chunked\r\n";
}

/** The body as it goes over the wire. */
export function bodyText(what: Body): string {
  if (what.kind === "none") return "";
  if (what.kind === "length") return what.bytes;
  const chunks = what.chunks.map(({ bytes: data, zeros, upper, extension: ext }) => {
    const size = data.length.toString(16);
    return `${zeros}${upper ? size.toUpperCase() : size}${ext}\r\n${data}\r\n`;
  });
  return `${chunks.join("")}0\r\n${linesText(what.trailers)}\r\n`;
}

/** What a reader is to see of the body. */
export function bodyBytes(what: Body): string {
  if (what.kind === "chunked") return what.chunks.map(({ bytes: data }) => data).join("");
  return what.kind === "length" ? what.bytes : "";
}
