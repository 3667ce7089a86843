// The field lines of one message, kept as they came: order, case and duplicates survive.
//
//   text    "Host: a.test\r\nX-A: b\r\n"      marks  start and id of each line, in one number
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
  "x-tidegate-threshold",
  "grpc-timeout",
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
  "accept",
] as const;

export type FieldName = Exclude<(typeof KNOWN_FIELDS)[number], "">;

const IDS = new Map<string, number>(KNOWN_FIELDS.map((name, id) => [name, id]));

/** The id of a known field. */
export function idOf(name: FieldName): number {
  return IDS.get(name) ?? 0;
}

/** The id of any name in lower case. */
export function idNamed(name: string): number {
  return IDS.get(name) ?? 0;
}

// The names' hashes are all different, so that a name has one candidate at most, and its letters stand
// in one table: looking up costs no chain of objects.
const HASHES = 512;
const LONGEST = 31;
const BY_HASH = new Uint8Array(HASHES);
const LETTERS = new Uint8Array(KNOWN_FIELDS.length << 5);
for (const [name, id] of IDS) {
  if (id === 0) continue;
  const letters = Uint8Array.from(name, (letter) => letter.charCodeAt(0));
  const hash = hashOf(letters, 0, letters.length);
  if (BY_HASH[hash] !== 0 || letters.length > LONGEST) {
    throw new Error(`fields: ${name} needs another hash`);
  }
  BY_HASH[hash] = id;
  LETTERS.set(letters, id << 5);
}

/**
 * Of length, first, middle and last letter; bit 5, which is the case, does not count. The factors are
 * some of those, found by trying, that give every name its own; a new name may need others.
 */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  const first = (bytes[start] as number) & 31;
  const last = (bytes[end - 1] as number) & 31;
  const middle = (bytes[start + ((end - start) >> 1)] as number) & 31;
  return ((end - start) * 440 + first * 225 + last * 498 + middle * 6) & (HASHES - 1);
}

/** The id of the name `bytes[start, end)` in any case; the name must consist of token characters. */
export function lookup(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST || length === 0) return 0;
  const id = BY_HASH[hashOf(bytes, start, end)] as number;
  if (id === 0) return 0;
  // Setting bit 5 makes letters lower-case and leaves "-" and digits as they are; no other token
  // character becomes a letter, a digit or "-" by it. Behind the letters stands a 0.
  const letters = id << 5;
  for (let i = 0; i < length; i++) {
    if (((bytes[start + i] as number) | 32) !== LETTERS[letters + i]) return 0;
  }
  return LETTERS[letters + length] === 0 ? id : 0;
}

/** A mark is the place of a line, and below it, in so many values, the id of its name. */
const ID_VALUES = 64;
const PRESENCE_BITS = 31;

/** Field lines with their places; made by a parser, read by everybody. */
export class Fields {
  /** The text that the marks point into, one character per byte; may hold more than the field lines. */
  text = "";
  /** Where the line before them begins that opens the message; -1 unless it goes on as it came. */
  line = -1;
  /** One for each line, and one more for the start of what follows. */
  readonly #marks: number[] = [];
  /** One bit for each of the first known fields that is there: most questions are about absent ones. */
  #present = 0;

  /** Adds the line that begins at `start`; what follows it is added next, or ends the section. */
  add(start: number, id: number): void {
    this.#marks.push(start * ID_VALUES + id);
    if (id < PRESENCE_BITS) this.#present |= 1 << id;
  }

  /** Nothing is added any more: the lines end at `end`. */
  seal(end: number): void {
    this.#marks.push(end * ID_VALUES);
  }

  get count(): number {
    return Math.max(0, this.#marks.length - 1);
  }

  id(index: number): number {
    return (this.#marks[index] as number) % ID_VALUES;
  }

  start(index: number): number {
    return Math.floor((this.#marks[index] as number) / ID_VALUES);
  }

  /** The name, in the case in which it came. */
  name(index: number): string {
    const start = this.start(index);
    return this.text.slice(start, this.text.indexOf(":", start));
  }

  /** The whole line as it came, with its CRLF. */
  whole(index: number): string {
    return this.text.slice(this.start(index), this.start(index + 1));
  }

  /** The value without the whitespace around it. */
  value(index: number): string {
    const colon = this.text.indexOf(":", this.start(index));
    return trim(this.text, colon + 1, this.start(index + 1) - 2);
  }

  /** The index of the first line with this id, from `from` on; -1 when there is none. */
  find(id: number, from = 0): number {
    if (id < PRESENCE_BITS && (this.#present & (1 << id)) === 0) return -1;
    for (let i = from; i < this.count; i++) if (this.id(i) === id) return i;
    return -1;
  }

  /** The value of the first line with this id. */
  get(id: number): string | undefined {
    const index = this.find(id);
    return index < 0 ? undefined : this.value(index);
  }

  /** Every value of a field that is not among the known ones; `name` in lower case. */
  named(name: string): string[] {
    const id = idNamed(name);
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
