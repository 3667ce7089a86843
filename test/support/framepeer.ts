// An endpoint that sends whatever frames it is told to, right or wrong, and writes down what it is sent.
import { createServer, type Server, type Socket } from "node:net";
import { type Address, tcpAddress } from "../../src/core/address.ts";
import { Bell } from "./bell.ts";
import {
  ACK,
  block,
  END_HEADERS,
  type Frame,
  FrameReader,
  type FrameType,
  frameOf,
  PREFACE,
  word,
} from "./frames.ts";

/** Fields by name, or one by one where their order or number matters. */
type Lines = Readonly<Record<string, string>> | readonly (readonly [string, string])[];

const EMPTY = Buffer.alloc(0);

/** One connection from the client under test. */
export class FrameLink {
  readonly socket: Socket;
  closed = false;
  readonly #reader = new FrameReader(PREFACE.length);
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
  of(type: FrameType): Frame[] {
    return this.#reader.of(type);
  }

  send(...frames: readonly Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  settings(...settings: readonly Buffer[]): void {
    this.send(frameOf("SETTINGS", 0, 0, Buffer.concat(settings)));
  }

  headers(stream: number, fields: Lines, flags = 0): void {
    const pairs = isPairs(fields) ? fields : Object.entries(fields);
    this.send(frameOf("HEADERS", END_HEADERS | flags, stream, block(pairs)));
  }

  data(stream: number, body: string, flags = 0): void {
    this.send(frameOf("DATA", flags, stream, Buffer.from(body)));
  }

  rst(stream: number, code: number): void {
    this.send(frameOf("RST_STREAM", 0, stream, word(code)));
  }

  goaway(last: number, code: number): void {
    this.send(frameOf("GOAWAY", 0, 0, Buffer.concat([word(last), word(code)])));
  }

  #receive(chunk: Buffer): void {
    const frames = this.#reader.add(chunk);
    if (frames !== undefined && !this.#greeted) {
      this.#greeted = true;
      this.#peer.script.greet?.(this);
    }
    for (const next of frames ?? []) {
      if (next.type === "HEADERS") this.#peer.script.request?.(this, next.stream);
      else this.#peer.script.frame?.(this, next);
    }
    this.#peer.bell.ring();
  }
}

function isPairs(fields: Lines): fields is readonly (readonly [string, string])[] {
  return Array.isArray(fields);
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
  if (type === "SETTINGS") link.send(frameOf("SETTINGS", ACK, 0, EMPTY));
  if (type === "PING") link.send(frameOf("PING", ACK, 0, payload));
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
