// The server behind every contender: as little work per request as Node can do, so that the
// proxy and not the origin is what a run measures. It reads a body to its end before it answers.
import { createServer, type Socket } from "node:net";
import { launchPrinting, type Running } from "./launch.ts";

/** The text that answers /app/small and every body that was read. */
export const SMALL_BYTES = 48;
export const MEDIUM_BYTES = 100 * 1024;
export const LARGE_BYTES = 10 * 1024 * 1024;

/** Starts the origin in a process of its own, on a free port of loopback. */
export function startOrigin(): Promise<Running> {
  return launchPrinting([process.execPath, import.meta.filename], portOf);
}

/** The port of a line `... listening on HOST:PORT`. */
export function portOf(line: string): number | undefined {
  const port = /listening on \S+:(\d+)$/.exec(line)?.[1];
  return port === undefined ? undefined : Number(port);
}

/** What a body of `bytes` is answered with. */
export function receipt(bytes: number): string {
  return `received ${bytes} bytes`.padEnd(SMALL_BYTES, ".");
}

/** Every response with a body of its own, made once. */
function responses(): Map<string, Buffer> {
  return new Map([
    ["/app/small", response("200 OK", Buffer.alloc(SMALL_BYTES, "s"))],
    ["/app/medium", response("200 OK", Buffer.alloc(MEDIUM_BYTES, "m"))],
    ["/app/large", response("200 OK", Buffer.alloc(LARGE_BYTES, "l"))],
  ]);
}

const missing = response("404 Not Found", Buffer.from("no_route"));
const unframed = response("411 Length Required", Buffer.from("content-length"));

function response(status: string, body: Buffer): Buffer {
  const head = [
    `HTTP/1.1 ${status}`,
    "Server: origin",
    "Date: Thu, 01 Jan 2026 00:00:00 GMT",
    "Content-Type: text/plain",
    `Content-Length: ${body.length}`,
    "Connection: keep-alive",
  ];
  return Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]);
}

/** One connection: heads and bodies one after the other, each answered when it is whole. */
class Exchange {
  readonly #socket: Socket;
  readonly #responses: Map<string, Buffer>;
  #head: Buffer | undefined;
  #length = 0;
  #left = 0;

  constructor(socket: Socket, responses: Map<string, Buffer>) {
    this.#socket = socket;
    this.#responses = responses;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#read(chunk));
    socket.on("error", () => socket.destroy());
  }

  #read(chunk: Buffer): void {
    let rest = chunk;
    while (rest.length > 0) rest = this.#left > 0 ? this.#readBody(rest) : this.#readHead(rest);
  }

  #readBody(bytes: Buffer): Buffer {
    const taken = Math.min(this.#left, bytes.length);
    this.#left -= taken;
    if (this.#left === 0) {
      this.#socket.write(response("200 OK", Buffer.from(receipt(this.#length))));
    }
    return bytes.subarray(taken);
  }

  #readHead(bytes: Buffer): Buffer {
    const all = this.#head === undefined ? bytes : Buffer.concat([this.#head, bytes]);
    const end = all.indexOf("\r\n\r\n");
    this.#head = end < 0 ? all : undefined;
    if (end < 0) return all.subarray(all.length);
    this.#answer(all.toString("latin1", 0, end));
    return all.subarray(end + 4);
  }

  #answer(head: string): void {
    const [method = "", target = ""] = head.slice(0, head.indexOf("\r\n")).split(" ");
    if (method === "GET") {
      this.#socket.write(this.#responses.get(target) ?? missing);
      return;
    }
    this.#length = Number(/\r\ncontent-length: *(\d+)/i.exec(head)?.[1] ?? 0);
    this.#left = this.#length;
    if (this.#length === 0) this.#socket.end(unframed);
  }
}

if (import.meta.main) {
  const made = responses();
  const server = createServer((socket) => new Exchange(socket, made));
  server.listen({ port: 0, host: "127.0.0.1", backlog: 4096 }, () => {
    const address = server.address();
    if (address !== null && typeof address === "object") {
      console.log(`origin listening on 127.0.0.1:${address.port}`);
    }
  });
}
