// A client that writes exactly the bytes it is given, and reads what comes back strictly.
import { connect, type Socket } from "node:net";
import { type ConnectionOptions, connect as secure } from "node:tls";
import type { Address } from "../../src/core/address.ts";
import { Bell } from "./bell.ts";
import { Inbox } from "./inbox.ts";
import { type Response, readResponse } from "./message.ts";

/** One raw connection to a proxy. */
export class RawClient {
  readonly socket: Socket;
  readonly bell = new Bell();
  /** Everything that was received, which `response()` never eats. */
  readonly received = new Inbox();
  readonly responses: Response[] = [];
  /** Why what was received is not a response. */
  malformed: string | undefined;
  /** The server said that it sends no more. */
  ended = false;
  closed = false;
  /** The code of the socket's error, `ECONNRESET` for example. */
  error: string | undefined;
  readonly #methods: string[] = [];
  /** What belongs to no response yet. */
  readonly #unread = new Inbox();
  #atLeast = 0;
  /** The kernel's connection. */
  readonly #below: Socket;

  private constructor(socket: Socket, below = socket) {
    this.socket = socket;
    this.#below = below;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#note(() => this.#receive(chunk)));
    socket.on("end", () => this.#note(() => this.#end()));
    socket.on("error", (error: NodeJS.ErrnoException) => {
      this.error = error.code ?? error.message;
    });
    socket.on("close", () => this.#note(() => this.#close()));
  }

  static async connect(address: Address): Promise<RawClient> {
    const { kind } = address;
    const target = kind === "tcp" ? { host: address.host, port: address.port } : address;
    const socket = connect({ ...target, allowHalfOpen: false });
    const client = new RawClient(socket);
    await new Promise((resolve, reject) => {
      socket.once("connect", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  /** The same with TLS; rejects when the handshake fails, and when the server closes instead. */
  static async secure(address: Address, options: ConnectionOptions): Promise<RawClient> {
    const { kind } = address;
    const target = kind === "tcp" ? { host: address.host, port: address.port } : address;
    const below = connect(target);
    const socket = secure({ servername: "localhost", ...options, socket: below });
    const client = new RawClient(socket, below);
    await new Promise((resolve, reject) => {
      socket.once("secureConnect", resolve);
      socket.once("error", reject);
    });
    return client;
  }

  /** Writes one request whose response is to be read as one to `method`. */
  request(method: string, bytes: string | Buffer): void {
    this.expect(method);
    this.write(bytes);
  }

  /** Tells the reader to read a response more for each of `methods`. */
  expect(...methods: readonly string[]): void {
    this.#methods.push(...methods);
    this.#note(() => {});
  }

  /** Strings are latin1. */
  write(bytes: string | Buffer): void {
    this.socket.write(bytes, "latin1");
  }

  /** Resolves when the kernel has taken the bytes. */
  written(bytes: string | Buffer): Promise<void> {
    return new Promise((resolve) => this.socket.write(bytes, "latin1", () => resolve()));
  }

  /** Says that nothing more will be sent. */
  finish(): void {
    this.socket.end();
  }

  /** Leaves with a RST. */
  reset(): void {
    // Node would lose a handle whose FIN is still on its way, and never close it.
    if (this.#below.writableEnded) this.#below.destroy();
    else this.#below.resetAndDestroy();
  }

  /** Sends a FIN and nothing before it: no close_notify. */
  cutOff(): void {
    this.#below.end();
  }

  close(): void {
    this.socket.destroy();
  }

  /** The final response number `index`; rejects when it cannot come any more. */
  async response(index = this.responses.length): Promise<Response> {
    await this.bell.until(() => this.responses.length > index || this.#hopeless());
    const response = this.responses[index];
    if (response !== undefined) return response;
    const seen = JSON.stringify(this.received.bytes().toString("latin1").slice(0, 300));
    throw new Error(
      `no response ${index}: ${this.malformed ?? this.error ?? "closed"}, got ${seen}`,
    );
  }

  /** Waits until the server's side of the connection is over. */
  async over(): Promise<void> {
    await this.bell.until(() => this.closed || this.ended);
  }

  /** What was received behind the last response. */
  get rest(): Buffer {
    return this.#unread.bytes();
  }

  #hopeless(): boolean {
    return this.closed || this.ended || this.malformed !== undefined;
  }

  #receive(chunk: Buffer): void {
    this.received.add(chunk);
    this.#unread.add(chunk);
  }

  #end(): void {
    this.ended = true;
  }

  #close(): void {
    this.closed = true;
  }

  #note(change: () => void): void {
    change();
    this.#read();
    this.bell.ring();
  }

  #read(): void {
    const ended = this.ended && this.error === undefined;
    while (this.malformed === undefined && this.responses.length < this.#methods.length) {
      if (this.#unread.length < this.#atLeast && !ended) return;
      const rest = this.rest;
      if (rest.length === 0) return;
      const method = this.#methods[this.responses.length] ?? "GET";
      const reading = readResponse(rest, method, ended);
      if (reading.state === "more") {
        this.#atLeast = reading.atLeast;
        return;
      }
      if (reading.state === "bad") this.malformed = reading.why;
      else this.#take(reading.message);
    }
  }

  #take(response: Response): void {
    this.responses.push(response);
    this.#unread.drop(response.length);
    this.#atLeast = 0;
  }
}
