// A body, read from the packets in which it comes: RFC 9112 6 and 7.
//
//   length   counts down            chunked   size -> ext -> data -> ... -> 0 -> trailers
//   close    until the connection ends; also the bytes of a tunnel
import type { Framing, Malformed } from "../core/exchange.ts";
import { Fields } from "../core/fields.ts";
import { CR, HEX, LF, VALUE } from "./grammar.ts";
import { type FieldLimits, INCOMPLETE, malformed, readFields } from "./lines.ts";

/** Takes what a body consists of. */
export interface BodyTarget {
  /** Bytes of the body; the view is valid until the call returns. */
  onBody(view: Buffer): void;
  /** The body is whole. */
  onBodyEnd(trailers: Fields | undefined): void;
}

/** Extensions of all chunks of a message together; RFC 9112 7.1.1 asks for some limit. */
const EXTENSION_BYTES = 16 * 1024;
/** Digits of a chunk size, leading zeros included. */
const SIZE_DIGITS = 16;

const BAD_SIZE = malformed("bad_request", "chunk size is not hexadecimal digits ended by CRLF");
const LARGE_SIZE = malformed("bad_request", "chunk size above 2^53");
const BAD_EXTENSION = malformed("bad_request", "chunk extension is malformed");
const LONG_EXTENSION = malformed("bad_request", "chunk extensions longer than 16 KiB");
const BAD_DATA_END = malformed("bad_request", "chunk data is not followed by CRLF");
const LARGE_BODY = malformed("body_too_large", "chunked body above the limit");

const token = "[!#$%&'*+\\-.^_`|~0-9A-Za-z]+";
const quoted =
  '"(?:[\\t \\x21\\x23-\\x5b\\x5d-\\x7e\\x80-\\xff]|\\\\[\\t \\x21-\\x7e\\x80-\\xff])*"';
const EXTENSION = new RegExp(`^(?:;${token}(?:=(?:${token}|${quoted}))?)+$`);

const EMPTY = Buffer.alloc(0);

type State =
  | "done"
  | "length"
  | "close"
  | "size"
  | "extension"
  | "size_end"
  | "data"
  | "data_cr"
  | "data_lf"
  | "trailers";

const FIRST: Record<Framing["kind"], State> = {
  none: "done",
  length: "length",
  chunked: "size",
  close: "close",
};

/** Limits of a body. */
export interface BodyLimits extends FieldLimits {
  /** Bytes of a chunked body; 0 for no limit. */
  readonly bodyBytes: number;
}

/** Reads one body after the other on a connection. */
export class BodyReader {
  #state: State = "done";
  /** Bytes left of the body or of the chunk. */
  #left = 0;
  #digits = 0;
  #total = 0;
  #extension = "";
  #extensions = 0;
  #trailers = EMPTY;
  #wrong: Malformed | undefined;
  readonly #limits: BodyLimits;

  constructor(limits: BodyLimits) {
    this.#limits = limits;
  }

  get done(): boolean {
    return this.#state === "done";
  }

  /** Does the body end when the connection does? */
  get untilClose(): boolean {
    return this.#state === "close";
  }

  /** What is wrong with the body, once `feed` has returned -1. */
  get wrong(): Malformed | undefined {
    return this.#wrong;
  }

  /** Begins a body. One of no bytes is done at once, and `onBodyEnd` is not called for it. */
  start(framing: Framing): void {
    const empty = framing.kind === "length" && framing.bytes === 0;
    this.#state = empty ? "done" : FIRST[framing.kind];
    this.#left = framing.kind === "length" ? framing.bytes : 0;
    this.#digits = 0;
    this.#total = 0;
    this.#extensions = 0;
    this.#trailers = EMPTY;
  }

  /** Reads from `position`; returns where it stopped, or -1 when the body is malformed. */
  feed(chunk: Buffer, position: number, target: BodyTarget): number {
    let at = position;
    while (at < chunk.length && this.#state !== "done") {
      at = this.#state === "close" ? this.#rest(chunk, at, target) : this.#step(chunk, at, target);
      if (at < 0) return -1;
    }
    return at;
  }

  #rest(chunk: Buffer, at: number, target: BodyTarget): number {
    target.onBody(at === 0 ? chunk : chunk.subarray(at));
    return chunk.length;
  }

  #step(chunk: Buffer, at: number, target: BodyTarget): number {
    switch (this.#state) {
      case "length":
      case "data":
        return this.#data(chunk, at, target);
      case "size":
        return this.#size(chunk, at);
      case "extension":
        return this.#extend(chunk, at);
      case "trailers":
        return this.#trail(chunk, at, target);
      default:
        return this.#delimiter(chunk[at] as number, at);
    }
  }

  #data(chunk: Buffer, at: number, target: BodyTarget): number {
    const end = Math.min(chunk.length, at + this.#left);
    this.#left -= end - at;
    const whole = this.#left === 0;
    const last = whole && this.#state === "length";
    if (whole) this.#state = last ? "done" : "data_cr";
    target.onBody(at === 0 && end === chunk.length ? chunk : chunk.subarray(at, end));
    if (last) target.onBodyEnd(undefined);
    return end;
  }

  #size(chunk: Buffer, position: number): number {
    let at = position;
    for (; at < chunk.length; at++) {
      const digit = HEX[chunk[at] as number] as number;
      if (digit === 255) break;
      if (++this.#digits > SIZE_DIGITS) return this.#fail(LARGE_SIZE);
      this.#left = this.#left * 16 + digit;
      if (this.#left > Number.MAX_SAFE_INTEGER) return this.#fail(LARGE_SIZE);
    }
    if (at === chunk.length) return at;
    if (this.#digits === 0) return this.#fail(BAD_SIZE);
    if (chunk[at] === CR) this.#state = "size_end";
    else if (chunk[at] === 59) this.#state = "extension";
    else return this.#fail(BAD_SIZE);
    this.#extension = "";
    return this.#state === "extension" ? at : at + 1;
  }

  #extend(chunk: Buffer, position: number): number {
    let at = position;
    while (at < chunk.length && VALUE[chunk[at] as number] === 1) at++;
    this.#extensions += at - position;
    if (this.#extensions > EXTENSION_BYTES) return this.#fail(LONG_EXTENSION);
    this.#extension += chunk.toString("latin1", position, at);
    if (at === chunk.length) return at;
    if (chunk[at] !== CR || !EXTENSION.test(this.#extension)) return this.#fail(BAD_EXTENSION);
    this.#state = "size_end";
    return at + 1;
  }

  /** The bytes that stand between sizes and data. */
  #delimiter(byte: number, at: number): number {
    if (this.#state === "size_end") {
      if (byte !== LF) return this.#fail(BAD_SIZE);
      this.#total += this.#left;
      const limit = this.#limits.bodyBytes;
      if (limit > 0 && this.#total > limit) return this.#fail(LARGE_BODY);
      this.#state = this.#left === 0 ? "trailers" : "data";
    } else if (this.#state === "data_cr") {
      if (byte !== CR) return this.#fail(BAD_DATA_END);
      this.#state = "data_lf";
    } else {
      if (byte !== LF) return this.#fail(BAD_DATA_END);
      this.#state = "size";
      this.#digits = 0;
    }
    return at + 1;
  }

  #trail(chunk: Buffer, at: number, target: BodyTarget): number {
    const before = this.#trailers.length;
    const room = this.#limits.headerBytes + 4;
    const more = chunk.subarray(at, Math.min(chunk.length, at + room));
    this.#trailers = Buffer.concat([this.#trailers, more]);
    const fields = new Fields();
    const end = readFields(this.#trailers, 0, fields, this.#limits);
    if (end === INCOMPLETE) return chunk.length;
    if (typeof end !== "number") return this.#fail(end);
    fields.text = this.#trailers.toString("latin1", 0, end);
    this.#trailers = EMPTY;
    this.#state = "done";
    target.onBodyEnd(fields.count > 0 ? fields : undefined);
    return at + end - before;
  }

  #fail(wrong: Malformed): -1 {
    this.#wrong = wrong;
    return -1;
  }
}
