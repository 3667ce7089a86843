// The small HTTP server that health and admin share: node:http, because nothing here is hot.
//
// It holds few connections and gives each little time. When one more than `maxConnections` comes, the
// oldest that waits for nothing makes room, so that whoever hogs the listener cannot keep a probe out.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Socket } from "node:net";
import type { Address } from "../core/address.ts";
import { prefaceIn } from "../core/preface.ts";
import { bindServer } from "./socket.ts";

// An import would make a module of node:http, and with it load what this process never uses.
const { createServer } = process.getBuiltinModule("node:http");

export type Handler = (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;

export interface ServerOptions {
  readonly bind: Address;
  readonly maxConnections: number;
  readonly handle: Handler;
  /** Hears of what the handler throws, which is a bug; the client only learns that there was one. */
  readonly onError: (error: unknown) => void;
  /** Takes connections that begin with the preface of HTTP/2; without one they are errors. */
  readonly http2?: (socket: Socket, busy: (waits: boolean) => void) => void;
}

/** A listener of the control plane. */
export interface ControlServer {
  readonly address: Address;
  /** Stops listening, lets answers that are under way finish for up to a second. */
  close(): Promise<void>;
}

const LIMITS = {
  maxHeaderSize: 8192,
  headersTimeout: 5_000,
  requestTimeout: 10_000,
  keepAliveTimeout: 5_000,
  connectionsCheckingInterval: 1_000,
};
const MAX_HEADERS = 64;
/** A connection on which nothing moves for so long is closed, whatever it waits for. */
const SILENCE_MS = 15_000;
const CLOSE_MS = 1_000;

/** Listens on `bind`; throws as `bindServer`. */
export async function startServer(options: ServerOptions): Promise<ControlServer> {
  const server = createServer(LIMITS);
  server.maxHeadersCount = MAX_HEADERS;
  server.setTimeout(SILENCE_MS);
  const busy = new WeakSet<Socket>();
  server.on("request", (request, response) => {
    busy.add(request.socket);
    response.once("close", () => busy.delete(request.socket));
    void answer(options, request, response);
  });
  const cutUndecided = options.http2 && sniff(server, options.http2, busy);
  boundConnections(server, options.maxConnections, busy);
  const address = await bindServer(server, options.bind);
  const close = (): Promise<void> => {
    cutUndecided?.();
    return closeServer(server);
  };
  return { address, close };
}

/** The message of an error may hold what a stranger must not read. */
async function answer(
  { handle, onError }: ServerOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    await handle(request, response);
  } catch (error) {
    // A client that left in the middle of its body is no bug.
    if (request.socket.destroyed) return;
    onError(error);
    if (response.headersSent) response.destroy();
    else send(request, response, { status: 500, type: TEXT, body: "internal error\n" });
  }
}

/**
 * Connections whose first bytes are the preface go to `http2`, others to `server`, as if nobody had looked. What is
 * returned cuts those of which not enough has come.
 */
function sniff(
  server: Server,
  http2: NonNullable<ServerOptions["http2"]>,
  busy: WeakSet<Socket>,
): () => void {
  const undecided = new Set<Socket>();
  const own = server.listeners("connection");
  server.removeAllListeners("connection");
  server.on("connection", (socket: Socket) => {
    let bytes = Buffer.alloc(0);
    const cut = (): void => void socket.destroy();
    const decided = (): void => {
      undecided.delete(socket);
      socket.off("data", onData).off("close", decided).off("error", ignore).setTimeout(0, cut);
    };
    const onData = (chunk: Buffer): void => {
      bytes = Buffer.concat([bytes, chunk]);
      const found = prefaceIn(bytes);
      if (found === "begun") return;
      decided();
      socket.pause();
      socket.unshift(bytes);
      if (found === "whole") {
        return http2(socket, (waits) => void (waits ? busy.add(socket) : busy.delete(socket)));
      }
      for (const listener of own) Reflect.apply(listener, server, [socket]);
      socket.resume();
    };
    undecided.add(socket);
    socket.on("data", onData).on("close", decided).on("error", ignore);
    socket.setTimeout(LIMITS.headersTimeout, cut);
  });
  return () => {
    for (const socket of undecided) socket.destroy();
  };
}

function ignore(): void {}

function boundConnections(server: Server, max: number, busy: WeakSet<Socket>): void {
  const sockets = new Set<Socket>();
  server.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
    if (sockets.size <= max) return;
    const waiting = sockets.values().find((each) => each !== socket && !busy.has(each));
    (waiting ?? socket).destroy();
  });
}

/** `close` itself ends the connections that wait for nothing. */
async function closeServer(server: Server): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  server.close(() => resolve());
  const timer = setTimeout(() => server.closeAllConnections(), CLOSE_MS);
  await promise;
  clearTimeout(timer);
}

export const TEXT = "text/plain; charset=utf-8";
export const JSON_TYPE = "application/json; charset=utf-8";

export interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** Sends `answer` whole. A request that brings a body which nobody read ends its connection. */
export function send(request: IncomingMessage, response: ServerResponse, answer: Answer): void {
  const { status, type, body, headers } = answer;
  response.writeHead(status, {
    "content-type": type,
    "content-length": Buffer.byteLength(body),
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    ...(request.complete ? {} : { connection: "close" }),
    ...headers,
  });
  response.end(request.method === "HEAD" ? undefined : body);
}

/** The path of a request, without its query. */
export function pathOf(request: IncomingMessage): string {
  return (request.url ?? "").split("?", 1)[0] ?? "";
}
