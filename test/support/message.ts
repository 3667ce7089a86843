// A strict HTTP/1.1 reader for tests, written from RFC 9112 and sharing nothing with src/: it
// reads a whole buffer from its start, so that it is too simple to be wrong in the same way.

export interface Field {
  readonly name: string;
  readonly value: string;
}

export interface Message {
  readonly startLine: string;
  /** In the order and case of the wire; bytes as latin1. */
  readonly fields: readonly Field[];
  readonly body: Buffer;
  readonly trailers: readonly Field[];
  readonly framing: "none" | "length" | "chunked" | "close";
  readonly version: string;
  readonly length: number;
}

export interface Request extends Message {
  readonly method: string;
  readonly target: string;
}

export interface Response extends Message {
  readonly status: number;
  /** The informational responses that came before it. */
  readonly interim: readonly Response[];
}

/** `more` says how many bytes there must be before it is worth looking again. */
export type Reading<T> =
  | { readonly state: "more"; readonly atLeast: number; readonly head: Head | undefined }
  | { readonly state: "bad"; readonly why: string }
  | { readonly state: "whole"; readonly message: T };

export interface Head {
  readonly startLine: string;
  readonly fields: readonly Field[];
  readonly length: number;
}

type Body = Pick<Message, "body" | "trailers" | "framing" | "length">;

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const REQUEST_LINE = /^([!#$%&'*+\-.^_`|~0-9A-Za-z]+) ([\x21-\x7e]+) (HTTP\/1\.[01])$/;
const STATUS_LINE = /^(HTTP\/1\.[01]) ([1-5][0-9][0-9]) ([\t\x20-\x7e\x80-\xff]*)$/;

/** The first request in `bytes`. */
export function readRequest(bytes: Buffer): Reading<Request> {
  const head = readHead(bytes, 0);
  if (head.state !== "whole") return head;
  const match = REQUEST_LINE.exec(head.message.startLine);
  if (match === null) return bad(`request line ${JSON.stringify(head.message.startLine)}`);
  const [, method = "", target = "", version = ""] = match;
  const hosts = values(head.message.fields, "host").length;
  if (hosts > 1 || (version === "HTTP/1.1" && hosts === 0)) return bad(`${hosts} host fields`);
  if (version === "HTTP/1.0" && values(head.message.fields, "transfer-encoding").length > 0) {
    return bad("transfer-encoding in HTTP/1.0");
  }
  const body = readBody(bytes, head.message, { present: true, untilClose: false, ended: false });
  if (body.state !== "whole") return body;
  return whole({ ...head.message, ...body.message, method, target, version });
}

/**
 * The first final response in `bytes`, after the informational ones; `method` is that of its
 * request, and `ended` says that the connection was closed in good order after `bytes`.
 */
export function readResponse(bytes: Buffer, method: string, ended: boolean): Reading<Response> {
  const interim: Response[] = [];
  for (let start = 0; ; ) {
    const head = readHead(bytes, start);
    if (head.state !== "whole") return head;
    const match = STATUS_LINE.exec(head.message.startLine);
    if (match === null) return bad(`status line ${JSON.stringify(head.message.startLine)}`);
    const version = match[1] ?? "";
    const status = Number(match[2]);
    const bodiless = status < 200 || status === 204 || status === 304 || method === "HEAD";
    const options = { present: !bodiless, untilClose: true, ended };
    const body = readBody(bytes, head.message, options);
    if (body.state !== "whole") return body;
    const message = { ...head.message, ...body.message, status, version, interim };
    if (status >= 200 || status === 101) return whole(message);
    interim.push(message);
    start = message.length;
  }
}

/** The values of every field called `name` (lower case), in order. */
export function values(fields: readonly Field[], name: string): string[] {
  return fields.filter((field) => field.name.toLowerCase() === name).map((field) => field.value);
}

/** The members of the comma separated list that every field called `name` makes up. */
export function members(fields: readonly Field[], name: string): string[] {
  const all = values(fields, name).join(",").split(",");
  return all.map((member) => member.trim().toLowerCase()).filter((member) => member !== "");
}

function readHead(bytes: Buffer, start: number): Reading<Head> {
  const end = bytes.indexOf("\r\n\r\n", start, "latin1");
  const text = bytes.toString("latin1", start, end < 0 ? bytes.length : end + 4);
  const complaint = badBytes(text);
  if (complaint !== undefined) return bad(complaint);
  if (end < 0) return more(bytes.length + 1);
  const [startLine = "", ...lines] = text.slice(0, -4).split("\r\n");
  const fields = readFields(lines);
  if (typeof fields === "string") return bad(fields);
  return whole({ startLine, fields, length: end + 4 });
}

function badBytes(text: string): string | undefined {
  if (/(?:^|[^\r])\n/.test(text)) return "a bare LF";
  if (/\r[^\n]/.test(text)) return "a bare CR";
  return text.includes("\0") ? "a NUL" : undefined;
}

function readFields(lines: readonly string[]): readonly Field[] | string {
  const fields: Field[] = [];
  for (const line of lines) {
    const colon = line.indexOf(":");
    const name = line.slice(0, Math.max(colon, 0));
    if (!TOKEN.test(name)) return `field line ${JSON.stringify(line)}`;
    const value = line.slice(colon + 1).replace(/^[ \t]+|[ \t]+$/g, "");
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) return `value of ${name} has a control byte`;
    fields.push({ name, value });
  }
  return fields;
}

function readBody(
  bytes: Buffer,
  head: Head,
  is: { readonly present: boolean; readonly untilClose: boolean; readonly ended: boolean },
): Reading<Body> {
  const lengths = values(head.fields, "content-length");
  const codings = values(head.fields, "transfer-encoding");
  if (lengths.length + codings.length > 1) return bad("more than one field says the body's length");
  const empty = { body: Buffer.alloc(0), trailers: [], length: head.length };
  if (!is.present) return whole({ ...empty, framing: "none" });
  if (codings.length === 1) {
    if (codings[0]?.toLowerCase() !== "chunked") return bad(`transfer-encoding ${codings[0]}`);
    return readChunks(bytes, head);
  }
  if (lengths.length === 1) return readLength(bytes, head, lengths[0] ?? "");
  if (!is.untilClose) return whole({ ...empty, framing: "none" });
  if (!is.ended) return more(bytes.length + 1, head);
  const body = bytes.subarray(head.length);
  return whole({ body, trailers: [], framing: "close", length: bytes.length });
}

function readLength(bytes: Buffer, head: Head, text: string): Reading<Body> {
  if (!/^[0-9]{1,15}$/.test(text)) return bad(`content-length ${JSON.stringify(text)}`);
  const length = head.length + Number(text);
  if (bytes.length < length) return more(length, head);
  const body = bytes.subarray(head.length, length);
  return whole({ body, trailers: [], framing: "length", length });
}

function readChunks(bytes: Buffer, head: Head): Reading<Body> {
  const parts: Buffer[] = [];
  for (let at = head.length; ; ) {
    const end = bytes.indexOf("\r\n", at, "latin1");
    if (end < 0) return chunkLineUnended(bytes, at, head);
    const line = bytes.toString("latin1", at, end);
    const match = /^([0-9A-Fa-f]{1,12})(?:;[^\r\n\0]*)?$/.exec(line);
    if (match === null) return bad(`chunk line ${JSON.stringify(line.slice(0, 60))}`);
    const size = Number.parseInt(match[1] ?? "", 16);
    const next = end + 2 + size;
    if (size === 0) return readTrailers(bytes, end, head, parts);
    if (bytes.length < next + 2) return more(next + 2, head);
    if (bytes.toString("latin1", next, next + 2) !== "\r\n") return bad("no CRLF after a chunk");
    parts.push(bytes.subarray(end + 2, next));
    at = next + 2;
  }
}

function chunkLineUnended(bytes: Buffer, at: number, head: Head): Reading<Body> {
  const rest = bytes.subarray(at);
  if (rest.includes(10) || rest.subarray(0, -1).includes(13)) return bad("chunk line end");
  return more(bytes.length + 1, head);
}

function readTrailers(bytes: Buffer, lineEnd: number, head: Head, parts: Buffer[]): Reading<Body> {
  const end = bytes.indexOf("\r\n\r\n", lineEnd, "latin1");
  if (end < 0) return more(bytes.length + 1, head);
  const text = bytes.toString("latin1", lineEnd + 2, end);
  const complaint = badBytes(text);
  if (complaint !== undefined) return bad(`${complaint} in the trailers`);
  const trailers = text === "" ? [] : readFields(text.split("\r\n"));
  if (typeof trailers === "string") return bad(`trailer ${trailers}`);
  return whole({ body: Buffer.concat(parts), trailers, framing: "chunked", length: end + 4 });
}

function bad(why: string): { readonly state: "bad"; readonly why: string } {
  return { state: "bad", why };
}

function more(atLeast: number, head?: Head): Reading<never> {
  return { state: "more", atLeast, head };
}

function whole<T>(message: T): { readonly state: "whole"; readonly message: T } {
  return { state: "whole", message };
}
