// HTTP/2 as bytes, for tests that say what no library would: RFC 9113 4.1 and the part of RFC 7541 that writes
// every field out. What comes back is read no further than a test needs.
import net, { type Socket } from "node:net";
import type { Address } from "../../src/core/address.ts";
import { Bell } from "./bell.ts";
import { Inbox } from "./inbox.ts";

const TYPES = [
  "DATA",
  "HEADERS",
  "PRIORITY",
  "RST_STREAM",
  "SETTINGS",
  "PUSH_PROMISE",
  "PING",
  "GOAWAY",
  "WINDOW_UPDATE",
  "CONTINUATION",
] as const;

export type FrameType = (typeof TYPES)[number];

export const CODES = [
  "NO_ERROR",
  "PROTOCOL_ERROR",
  "INTERNAL_ERROR",
  "FLOW_CONTROL_ERROR",
  "SETTINGS_TIMEOUT",
  "STREAM_CLOSED",
  "FRAME_SIZE_ERROR",
  "REFUSED_STREAM",
  "CANCEL",
  "COMPRESSION_ERROR",
  "CONNECT_ERROR",
  "ENHANCE_YOUR_CALM",
  "INADEQUATE_SECURITY",
  "HTTP_1_1_REQUIRED",
] as const;

const HEAD_BYTES = 9;
export const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export interface Frame {
  readonly type: FrameType | number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

export function frame(type: FrameType, flags: number, stream: number, payload = ""): Buffer {
  return frameOf(type, flags, stream, Buffer.from(payload, "latin1"));
}

export function frameOf(type: FrameType, flags: number, stream: number, payload: Buffer): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = TYPES.indexOf(type);
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** A 32-bit number. */
export function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** One setting. */
export function setting(id: number, value: number): Buffer {
  return Buffer.concat([Buffer.from([0, id]), word(value)]);
}

/** Takes bytes apart. */
export class FrameReader {
  readonly frames: Frame[] = [];
  readonly #inbox = new Inbox();
  /** Of the preface, which only a client sends. */
  #greeting: number;

  constructor(greeting = 0) {
    this.#greeting = greeting;
  }

  /** All frames of a type. */
  of(type: FrameType): Frame[] {
    return this.frames.filter((each) => each.type === type);
  }

  /** The frames that are whole with `chunk`; undefined until the preface is. */
  add(chunk: Buffer): readonly Frame[] | undefined {
    this.#inbox.add(chunk);
    if (this.#inbox.bytes().length < this.#greeting) return undefined;
    if (this.#greeting > 0) this.#inbox.drop(this.#greeting);
    this.#greeting = 0;
    const before = this.frames.length;
    for (let next = this.#next(); next !== undefined; next = this.#next()) this.frames.push(next);
    return this.frames.slice(before);
  }

  #next(): Frame | undefined {
    const bytes = this.#inbox.bytes();
    if (bytes.length < HEAD_BYTES) return undefined;
    const end = HEAD_BYTES + bytes.readUIntBE(0, 3);
    if (bytes.length < end) return undefined;
    const number = bytes[3] as number;
    const frame = {
      type: TYPES[number] ?? number,
      flags: bytes[4] as number,
      stream: bytes.readUInt32BE(5) & 0x7fffffff,
      payload: Buffer.from(bytes.subarray(HEAD_BYTES, end)),
    };
    this.#inbox.drop(end);
    return frame;
  }
}

/** A header block, each field a literal that is not indexed: RFC 7541 6.2.2. */
export function block(fields: readonly (readonly [string, string])[]): Buffer {
  return Buffer.concat(fields.flatMap(([name, value]) => [ZERO, literal(name), literal(value)]));
}

const ZERO = Buffer.from([0]);

function literal(text: string): Buffer {
  const bytes = Buffer.from(text, "latin1");
  return Buffer.concat([integer(bytes.length), bytes]);
}

/** RFC 7541 5.1, with a prefix of seven bits. */
function integer(value: number): Buffer {
  if (value < 127) return Buffer.from([value]);
  const bytes = [127];
  let rest = value - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  return Buffer.from([...bytes, rest]);
}

export const GET = block([
  [":method", "GET"],
  [":scheme", "http"],
  [":path", "/"],
  [":authority", "a.test"],
]);

/** RFC 7541 appendix A, from 8 on. */
const STATUSES = [200, 204, 206, 304, 400, 404, 500];

/** The status at the beginning of a response's header block. */
export function statusOf(payload: Buffer): number {
  let at = 0;
  // A change of the table's size may stand before it: RFC 7541 6.3.
  while (at < payload.length && ((payload[at] as number) & 0xe0) === 0x20) {
    const long = ((payload[at++] as number) & 0x1f) === 0x1f;
    while (long && (payload[at++] as number) >= 128);
  }
  const first = payload[at] ?? 0;
  if (first >= 0x88 && first <= 0x8e) return STATUSES[first - 0x88] ?? 0;
  const coded = ((payload[at + 1] ?? 0) & 0x80) !== 0;
  const length = (payload[at + 1] ?? 0) & 0x7f;
  const bytes = payload.subarray(at + 2, at + 2 + length);
  return Number(coded ? digitsOf(bytes) : bytes.toString("latin1"));
}

/** Digits in the code of RFC 7541 appendix B: 0, 1 and 2 have five bits, the others six. */
function digitsOf(bytes: Buffer): string {
  const bits = [...bytes].map((byte) => byte.toString(2).padStart(8, "0")).join("");
  let digits = "";
  for (let at = 0; digits.length < 3; ) {
    const five = Number.parseInt(bits.slice(at, at + 5), 2);
    const short = five <= 2;
    digits += short ? five : Number.parseInt(bits.slice(at, at + 6), 2) - 0x19 + 3;
    at += short ? 5 : 6;
  }
  return digits;
}

/** One raw connection. */
export class FrameClient {
  readonly socket: Socket;
  readonly bell = new Bell();
  closed = false;
  readonly #reader = new FrameReader();

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => {});
    // What the server ended is over: it waits for us to close, too.
    socket.on("close", () => {
      this.closed = true;
      this.bell.ring();
    });
  }

  /** Connects, and says what every client says first; without `complete`, no SETTINGS follow. */
  static async connect(address: Address, complete = true): Promise<FrameClient> {
    const target = address.kind === "tcp" ? address : { path: address.path };
    const socket = net.connect({ ...target });
    await new Promise<void>((done, failed) => socket.once("connect", done).once("error", failed));
    const client = new FrameClient(socket);
    client.write(PREFACE, ...(complete ? [frame("SETTINGS", 0, 0)] : []));
    return client;
  }

  write(...pieces: readonly Buffer[]): void {
    if (!this.socket.destroyed) this.socket.write(Buffer.concat(pieces));
  }

  get frames(): readonly Frame[] {
    return this.#reader.frames;
  }

  /** All frames of a type. */
  of(type: FrameType): Frame[] {
    return this.#reader.of(type);
  }

  /** Why the server ends the connection: the first code that is none of a drain, if there is one. */
  get goaway(): string | undefined {
    const codes = this.of("GOAWAY").map(({ payload }) => payload.readUInt32BE(4));
    const code = codes.find((one) => one !== 0) ?? codes[0];
    return code === undefined ? undefined : CODES[code];
  }

  close(): void {
    this.socket.destroy();
  }

  #receive(chunk: Buffer): void {
    this.#reader.add(chunk);
    this.bell.ring();
  }
}
