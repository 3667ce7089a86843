// One service and one client for each protocol, alike: what goes through must not depend on which they speak.
import http from "node:http";
import http2 from "node:http2";
import { type Address, tcpAddress } from "../../../src/core/address.ts";
import { Bell } from "../../support/bell.ts";

export type Protocol = "http1" | "http2";

/** What Node's servers of both protocols hand over. */
export type Asked = http.IncomingMessage | http2.Http2ServerRequest;
export interface Answering {
  setHeader(name: string, value: string | string[]): unknown;
  writeContinue(): unknown;
  writeEarlyHints(hints: Record<string, string>): unknown;
  writeHead(status: number): unknown;
  write(chunk: string | Uint8Array): boolean;
  addTrailers(trailers: Record<string, string>): unknown;
  end(chunk?: string | Uint8Array): unknown;
  on(event: string, listener: () => void): unknown;
}
/** May reject where the client has gone. */
export type Handler = (asked: Asked, answering: Answering) => void | Promise<void>;

/** The whole body of a request. */
export async function bodyOf(asked: Asked): Promise<Buffer> {
  const chunks: Buffer[] = [];
  for await (const chunk of asked) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** Breaks an answer off so that it cannot be taken for whole. */
export function breakOff(answering: Answering): void {
  if (answering instanceof http2.Http2ServerResponse) {
    answering.stream.close(http2.constants.NGHTTP2_INTERNAL_ERROR);
  } else if (answering instanceof http.ServerResponse) answering.socket?.resetAndDestroy();
}

/** A service that speaks one protocol; what it does may be changed. */
export class Service {
  readonly address: Address;
  readonly bell = new Bell();
  handler: Handler = (_, answering) => {
    answering.end("ok");
  };
  /** Connections that there have been. */
  connections = 0;
  readonly #close: () => Promise<void>;

  private constructor(address: Address, close: () => Promise<void>) {
    this.address = address;
    this.#close = close;
  }

  static async start(protocol: Protocol): Promise<Service> {
    const server = protocol === "http1" ? http.createServer() : http2.createServer();
    const sessions = new Set<http2.ServerHttp2Session>();
    server.on("session", (session: http2.ServerHttp2Session) => sessions.add(session));
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const bound = server.address();
    if (bound === null || typeof bound !== "object") throw new Error("it listens nowhere");
    const service = new Service(tcpAddress(bound.address, bound.port), async () => {
      for (const session of sessions) session.destroy();
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise((done) => server.close(done));
    });
    const handle = async (asked: Asked, answering: Answering): Promise<void> => {
      for (const each of [asked, answering]) each.on("error", () => {});
      try {
        await service.handler(asked, answering);
      } catch (error) {
        if (!asked.destroyed) throw error;
      }
    };
    server.on("connection", () => service.connections++);
    server.on("request", handle);
    server.on("checkContinue", (asked: Asked, answering: Answering) => {
      answering.writeContinue();
      handle(asked, answering);
    });
    return service;
  }

  close(): Promise<void> {
    return this.#close();
  }
}

export interface Question {
  readonly method?: string;
  readonly path?: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** Nothing where there is no body; `open` is one that the test sends. */
  readonly body?: Buffer | "open";
  readonly trailers?: Readonly<Record<string, string>>;
}

/** A request under way, and what has come of its answer. */
export class Call {
  readonly bell = new Bell();
  readonly interims: number[] = [];
  status = 0;
  fields: http.IncomingHttpHeaders = {};
  trailers: Readonly<Record<string, unknown>> = {};
  bytes = 0;
  body = "";
  /** Has the answer come to a good end? */
  whole = false;
  /** Is it over, well or not? */
  over = false;
  /** Where its body goes. */
  readonly out: NodeJS.WritableStream;
  readonly #abort: () => void;
  #paused = false;
  in: NodeJS.ReadableStream | undefined;

  constructor(out: NodeJS.WritableStream, abort: () => void) {
    this.out = out;
    this.#abort = abort;
  }

  /** Reads no more of the answer. */
  pause(): void {
    this.#paused = true;
    this.in?.pause();
  }

  resume(): void {
    this.#paused = false;
    this.in?.resume();
  }

  abort(): void {
    this.#abort();
  }

  async ended(): Promise<this> {
    await this.bell.until(() => this.over);
    return this;
  }

  informed(status: number): void {
    this.interims.push(status);
    this.bell.ring();
  }

  /** Takes the body from `stream`. */
  read(stream: NodeJS.ReadableStream): void {
    this.in = stream;
    stream.on("data", (chunk: Buffer) => {
      this.bytes += chunk.length;
      if (this.bytes < 100_000) this.body += chunk.toString("latin1");
      this.bell.ring();
    });
    if (this.#paused) stream.pause();
    this.bell.ring();
  }

  finish(whole: boolean): void {
    if (this.over) return;
    this.over = true;
    this.whole = whole;
    this.bell.ring();
  }
}

/** A client of one protocol, with one connection of HTTP/2 or as many of HTTP/1.1 as it needs. */
export interface Client {
  ask(question?: Question): Call;
  close(): void;
}

export function clientOf(protocol: Protocol, address: Address): Client {
  if (address.kind === "unix") throw new Error("a port is wanted");
  return protocol === "http1" ? http1Client(address) : http2Client(address);
}

type Port = Extract<Address, { kind: "tcp" }>;

function http1Client({ host, port }: Port): Client {
  const agent = new http.Agent({ keepAlive: true });
  return {
    ask({ method = "GET", path = "/", fields = {}, body, trailers }: Question = {}): Call {
      const request = http.request({ agent, host, port, method, path, headers: fields });
      const call = new Call(request, () => request.destroy());
      request.on("information", ({ statusCode }) => call.informed(statusCode));
      request.on("error", () => call.finish(false));
      request.on("response", (response) => {
        call.status = response.statusCode ?? 0;
        call.fields = response.headers;
        response.on("error", () => {});
        response.on("close", () => {
          call.trailers = response.trailers;
          call.finish(response.complete);
        });
        call.read(response);
      });
      if (trailers !== undefined) request.addTrailers(trailers);
      if (body === "open") request.flushHeaders();
      else request.end(body);
      return call;
    },
    close: () => agent.destroy(),
  };
}

function http2Client({ host, port }: Port): Client {
  const session = http2.connect(`http://${host}:${port}`);
  session.on("error", () => {});
  return {
    ask({ method = "GET", path = "/", fields = {}, body, trailers }: Question = {}): Call {
      const head = { ":method": method, ":path": path, ...fields };
      const waitForTrailers = trailers !== undefined;
      const endStream = body === undefined && !waitForTrailers;
      const stream = session.request(head, { endStream, waitForTrailers });
      const call = new Call(stream, () => stream.close(http2.constants.NGHTTP2_CANCEL));
      let ended = false;
      stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers }));
      stream.on("headers", (each) => call.informed(each[":status"] ?? 0));
      stream.on("error", () => {});
      stream.on("response", (each) => {
        const { ":status": status = 0, ...rest } = each;
        call.status = status;
        call.fields = rest;
        call.bell.ring();
      });
      stream.on("trailers", (each) => {
        call.trailers = each;
      });
      stream.on("end", () => {
        ended = true;
      });
      stream.on("close", () => call.finish(ended && stream.rstCode === 0));
      call.read(stream);
      if (!endStream && body !== "open") stream.end(body);
      return call;
    },
    close: () => session.destroy(),
  };
}
