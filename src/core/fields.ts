// The field lines of one message, kept as they came: order, case and duplicates survive.
//
//   text    "Host: a.test\r\nX-A: b\r\n"      marks  start, colon, id   for each line
//
// Nothing is split off before somebody asks for it: a line that is only forwarded is copied as text.

/** Field names that mean something to us; every other field has the id 0. */
export const KNOWN_FIELDS = [
  "",
  "host",
  "connection",
  "content-length",
  "transfer-encoding",
  "te",
  "trailer",
  "upgrade",
  "keep-alive",
  "proxy-connection",
  "proxy-authorization",
  "proxy-authenticate",
  "proxy-authentication-info",
  "http2-settings",
  "expect",
  "max-forwards",
  "via",
  "date",
  "forwarded",
  "x-forwarded-for",
  "x-forwarded-proto",
  "x-forwarded-host",
  "x-request-id",
  "x-envoy-expected-rq-timeout-ms",
  "x-envoy-attempt-count",
  "x-criticality",
  "x-shed-priority",
  "x-tidegate-reason",
  "x-tidegate-tier",
  "authorization",
  "cookie",
  "set-cookie",
  "content-encoding",
  "content-type",
  "content-range",
  "cache-control",
  "www-authenticate",
  "age",
  "expires",
  "location",
  "retry-after",
  "vary",
  "warning",
  "range",
  "if-match",
  "if-none-match",
  "if-modified-since",
  "if-unmodified-since",
  "if-range",
  "pragma",
] as const;

export type FieldName = Exclude<(typeof KNOWN_FIELDS)[number], "">;

const IDS = new Map<string, number>(KNOWN_FIELDS.map((name, id) => [name, id]));

/** The id of a known field. */
export function idOf(name: FieldName): number {
  return IDS.get(name) ?? 0;
}

// Buckets by length and first letter hold one or two candidates each.
const BUCKETS: readonly number[][] = buckets();

function buckets(): number[][] {
  const table: number[][] = Array.from({ length: 32 * 32 }, () => []);
  for (const [name, id] of IDS) {
    if (id > 0) table[(name.length << 5) | (name.charCodeAt(0) & 31)]?.push(id);
  }
  return table;
}

/** The id of the name `text[start, end)` in any case; the name must consist of token characters. */
export function lookup(text: string, start: number, end: number): number {
  const length = end - start;
  if (length > 31) return 0;
  const candidates = BUCKETS[(length << 5) | (text.charCodeAt(start) & 31)] as number[];
  for (let i = 0; i < candidates.length; i++) {
    const id = candidates[i] as number;
    if (sameName(text, start, KNOWN_FIELDS[id] as string)) return id;
  }
  return 0;
}

// Setting bit 5 makes letters lower-case and leaves "-" and digits as they are; no other token
// character becomes a letter, a digit or "-" by it.
function sameName(text: string, start: number, name: string): boolean {
  for (let i = 0; i < name.length; i++) {
    if ((text.charCodeAt(start + i) | 32) !== name.charCodeAt(i)) return false;
  }
  return true;
}

const STRIDE = 3;
const PRESENCE_BITS = 31;

/** Field lines with their places; made by a parser, read by everybody. */
export class Fields {
  /** The text that the marks point into; may hold more than the field lines. */
  text: string;
  /** start, colon and id of each line, and at the very end the start of what follows. */
  readonly marks: number[] = [];
  /** One bit for each of the first known fields that is there: most questions are about absent ones. */
  #present = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** Adds the line that begins at `start`; what follows it is added next, or marks the end. */
  add(start: number, colon: number, id: number): void {
    this.marks.push(start, colon, id);
    if (id < PRESENCE_BITS) this.#present |= 1 << id;
  }

  get count(): number {
    return Math.floor(this.marks.length / STRIDE);
  }

  id(index: number): number {
    return this.marks[index * STRIDE + 2] as number;
  }

  start(index: number): number {
    return this.marks[index * STRIDE] as number;
  }

  /** The name, in the case in which it came. */
  name(index: number): string {
    return this.text.slice(this.start(index), this.marks[index * STRIDE + 1]);
  }

  /** The whole line as it came, with its CRLF. */
  line(index: number): string {
    return this.text.slice(this.start(index), this.start(index + 1));
  }

  /** The value without the whitespace around it. */
  value(index: number): string {
    const colon = this.marks[index * STRIDE + 1] as number;
    return trim(this.text, colon + 1, this.start(index + 1) - 2);
  }

  /** The index of the first line with this id, from `from` on; -1 when there is none. */
  find(id: number, from = 0): number {
    if (id < PRESENCE_BITS && (this.#present & (1 << id)) === 0) return -1;
    const { marks } = this;
    for (let at = from * STRIDE + 2; at < marks.length; at += STRIDE) {
      if (marks[at] === id) return (at - 2) / STRIDE;
    }
    return -1;
  }

  /** The value of the first line with this id. */
  get(id: number): string | undefined {
    const index = this.find(id);
    return index < 0 ? undefined : this.value(index);
  }

  /** Every value of a field that is not among the known ones; `name` in lower case. */
  named(name: string): string[] {
    const id = IDS.get(name) ?? 0;
    const values: string[] = [];
    if (id > 0 && this.find(id) < 0) return values;
    for (let i = 0; i < this.count; i++) {
      if (this.id(i) === id && (id > 0 || this.name(i).toLowerCase() === name)) {
        values.push(this.value(i));
      }
    }
    return values;
  }
}

/** `text[start, end)` without spaces and tabs at its ends. */
export function trim(text: string, start: number, end: number): string {
  let from = start;
  let to = end;
  while (from < to && isBlank(text.charCodeAt(from))) from++;
  while (to > from && isBlank(text.charCodeAt(to - 1))) to--;
  return text.slice(from, to);
}

function isBlank(code: number): boolean {
  return code === 32 || code === 9;
}

/** The members of a comma-separated list in lower case, without empty ones. */
export function members(value: string): string[] {
  return value
    .toLowerCase()
    .split(",")
    .map((member) => trim(member, 0, member.length))
    .filter((member) => member !== "");
}
