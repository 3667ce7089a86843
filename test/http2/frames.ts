// An endpoint that sends whatever frames it is told to, right or wrong, and writes down what it is sent.
import { createServer, type Server, type Socket } from "node:net";
import { type Address, tcpAddress } from "../../src/core/address.ts";
import { Bell } from "../support/bell.ts";

export const TYPES = {
  data: 0,
  headers: 1,
  rst: 3,
  settings: 4,
  ping: 6,
  goaway: 7,
  windowUpdate: 8,
  continuation: 9,
} as const;
export const END_STREAM = 1;
export const ACK = 1;
export const END_HEADERS = 4;

export interface Frame {
  readonly type: number;
  readonly flags: number;
  readonly stream: number;
  readonly payload: Buffer;
}

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEAD_BYTES = 9;

/** A frame as it goes over the wire. */
export function frame(
  type: number,
  flags: number,
  stream: number,
  payload: Buffer = Buffer.alloc(0),
) {
  const head = Buffer.alloc(HEAD_BYTES);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(stream, 5);
  return Buffer.concat([head, payload]);
}

/** Field lines in HPACK, each spelt out: RFC 7541 6.2.2. */
export function block(fields: Readonly<Record<string, string>> | readonly (readonly string[])[]) {
  const pairs = Array.isArray(fields) ? fields : Object.entries(fields);
  return Buffer.concat(
    pairs.flatMap(([name = "", value = ""]) => [Buffer.from([0]), text(name), text(value)]),
  );
}

function text(value: string): Buffer {
  const bytes = Buffer.from(value, "latin1");
  if (bytes.length < 127) return Buffer.concat([Buffer.from([bytes.length]), bytes]);
  const length: number[] = [127];
  let rest = bytes.length - 127;
  for (; rest >= 128; rest = Math.floor(rest / 128)) length.push((rest % 128) + 128);
  return Buffer.concat([Buffer.from([...length, rest]), bytes]);
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

/** One connection from the client under test. */
export class FrameLink {
  readonly socket: Socket;
  readonly frames: Frame[] = [];
  closed = false;
  #buffer: Buffer = Buffer.alloc(0);
  #greeted = false;
  readonly #peer: FramePeer;

  constructor(peer: FramePeer, socket: Socket) {
    this.#peer = peer;
    this.socket = socket;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      peer.bell.ring();
    });
  }

  /** Those of one type. */
  of(type: number): Frame[] {
    return this.frames.filter((each) => each.type === type);
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  settings(...settings: readonly Buffer[]): void {
    this.send(frame(TYPES.settings, 0, 0, Buffer.concat(settings)));
  }

  headers(
    stream: number,
    fields: Readonly<Record<string, string>> | readonly (readonly string[])[],
    flags = 0,
  ): void {
    this.send(frame(TYPES.headers, END_HEADERS | flags, stream, block(fields)));
  }

  data(stream: number, body: string, flags = 0): void {
    this.send(frame(TYPES.data, flags, stream, Buffer.from(body)));
  }

  rst(stream: number, code: number): void {
    this.send(frame(TYPES.rst, 0, stream, word(code)));
  }

  goaway(last: number, code: number): void {
    this.send(frame(TYPES.goaway, 0, 0, Buffer.concat([word(last), word(code)])));
  }

  #receive(chunk: Buffer): void {
    this.#buffer = Buffer.concat([this.#buffer, chunk]);
    if (!this.#greeted) {
      if (this.#buffer.length < PREFACE.length) return;
      this.#greeted = true;
      this.#buffer = this.#buffer.subarray(PREFACE.length);
      this.#peer.script.greet?.(this);
    }
    for (let next = this.#next(); next !== undefined; next = this.#next()) {
      this.frames.push(next);
      if (next.type === TYPES.headers) this.#peer.script.request?.(this, next.stream);
      else this.#peer.script.frame?.(this, next);
    }
    this.#peer.bell.ring();
  }

  #next(): Frame | undefined {
    const buffer = this.#buffer;
    if (buffer.length < HEAD_BYTES) return undefined;
    const end = HEAD_BYTES + buffer.readUIntBE(0, 3);
    if (buffer.length < end) return undefined;
    this.#buffer = buffer.subarray(end);
    const payload = buffer.subarray(HEAD_BYTES, end);
    return {
      type: buffer[3] as number,
      flags: buffer[4] as number,
      stream: buffer.readUInt32BE(5),
      payload,
    };
  }
}

/** What the peer does. */
export interface FrameScript {
  /** The client has said hello. */
  greet?(link: FrameLink): void;
  /** A header block, of a request or of trailers. */
  request?(link: FrameLink, stream: number): void;
  /** Any other frame. */
  frame?(link: FrameLink, frame: Frame): void;
}

/** Says hello as it should. */
export const polite = (link: FrameLink): void => link.settings();

/** Answers settings and pings as it should. */
export const courteous = (link: FrameLink, { type, flags, payload }: Frame): void => {
  if (flags & ACK) return;
  if (type === TYPES.settings) link.send(frame(TYPES.settings, ACK, 0));
  if (type === TYPES.ping) link.send(frame(TYPES.ping, ACK, 0, payload));
};

export class FramePeer {
  readonly address: Address;
  readonly bell = new Bell();
  readonly links: FrameLink[] = [];
  script: FrameScript;
  readonly #server: Server;

  private constructor(server: Server, address: Address, script: FrameScript) {
    this.#server = server;
    this.address = address;
    this.script = script;
    server.on("connection", (socket: Socket) => {
      this.links.push(new FrameLink(this, socket));
      this.bell.ring();
    });
  }

  static async listen(script: FrameScript): Promise<FramePeer> {
    const server = createServer();
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const bound = server.address();
    if (bound === null || typeof bound !== "object") throw new Error("it listens nowhere");
    const whole = { greet: polite, frame: courteous, ...script };
    return new FramePeer(server, tcpAddress(bound.address, bound.port), whole);
  }

  async close(): Promise<void> {
    for (const link of this.links) link.socket.destroy();
    await new Promise((done) => this.#server.close(done));
  }
}
