// An upstream that does what it is told, on a raw socket, and remembers all that it was sent.
import { createServer, type Server, type Socket } from "node:net";
import { type Address, parseAddress, tcpAddress } from "../../src/core/address.ts";
import { Bell } from "./bell.ts";
import { Inbox } from "./inbox.ts";
import { members, type Request, readRequest } from "./message.ts";

/** What the upstream does with each request. */
export interface Script {
  /** Called once per request as soon as its head is there, before its body. */
  head?(link: Link, head: Pick<Request, "startLine" | "fields">): void;
  /** Called when a request is there whole. */
  request?(link: Link, request: Request): void;
}

export const OK = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

/** Asks for the body where the client waits to be asked, and answers `ok` to everything. */
export const POLITE: Script = {
  head(link, head) {
    const waits = members(head.fields, "expect").includes("100-continue");
    if (waits) link.write("HTTP/1.1 100 Continue\r\n\r\n");
  },
  request(link) {
    link.write(OK);
  },
};

/** One connection from the proxy. */
export class Link {
  readonly socket: Socket;
  readonly index: number;
  readonly upstream: Upstream;
  /** The bytes that belong to no complete request yet. */
  readonly inbox = new Inbox();
  /** Everything that was ever received. */
  readonly raw = new Inbox();
  readonly requests: Request[] = [];
  malformed: string | undefined;
  ended = false;
  closed = false;
  #atLeast = 0;
  #headTold = false;
  /** Set to hand all further bytes to a test: after a 101, for example. */
  tunnel: ((chunk: Buffer) => void) | undefined;

  constructor(upstream: Upstream, socket: Socket, index: number) {
    this.upstream = upstream;
    this.socket = socket;
    this.index = index;
    socket.setNoDelay(true);
    socket.on("data", (chunk: Buffer) => this.#receive(chunk));
    socket.on("end", () => {
      this.ended = true;
      upstream.bell.ring();
    });
    socket.on("error", () => {});
    socket.on("close", () => {
      this.closed = true;
      upstream.bell.ring();
    });
  }

  write(bytes: string | Buffer): void {
    this.socket.write(bytes, "latin1");
  }

  /** Sends a FIN after everything written. */
  finish(): void {
    this.socket.end();
  }

  /** Not after a FIN that is still on its way: Node would lose the handle, and never close it. */
  reset(): void {
    if (this.socket.writableEnded) this.socket.destroy();
    else this.socket.resetAndDestroy();
  }

  /** True when the proxy began a request here and has not finished it. */
  get partial(): boolean {
    return this.inbox.length > 0;
  }

  #receive(chunk: Buffer): void {
    this.raw.add(chunk);
    if (this.tunnel === undefined) {
      this.inbox.add(chunk);
      this.#read();
    } else this.tunnel(chunk);
    this.upstream.bell.ring();
  }

  #read(): void {
    while (this.inbox.length >= Math.max(this.#atLeast, 1) && this.malformed === undefined) {
      const reading = readRequest(this.inbox.bytes());
      if (reading.state === "bad") {
        this.malformed = reading.why;
        this.socket.destroy();
        return;
      }
      const head = reading.state === "more" ? reading.head : reading.message;
      if (head !== undefined && !this.#headTold) this.#tell(head);
      if (reading.state === "more") {
        this.#atLeast = reading.atLeast;
        return;
      }
      this.#take(reading.message);
    }
  }

  #tell(head: Pick<Request, "startLine" | "fields">): void {
    this.#headTold = true;
    this.upstream.script.head?.(this, head);
  }

  #take(request: Request): void {
    this.inbox.drop(request.length);
    this.#atLeast = 0;
    this.#headTold = false;
    this.requests.push(request);
    this.upstream.requests.push({ ...request, link: this });
    this.upstream.script.request?.(this, request);
  }
}

export type Seen = Request & { readonly link: Link };

/** A listening upstream; `script` may be changed between requests. */
export class Upstream {
  readonly address: Address;
  readonly bell = new Bell();
  readonly links: Link[] = [];
  /** Every complete request on any connection, in the order in which they were completed. */
  readonly requests: Seen[] = [];
  script: Script = POLITE;
  readonly #server: Server;

  private constructor(server: Server, address: Address) {
    this.#server = server;
    this.address = address;
    server.on("connection", (socket: Socket) => {
      this.links.push(new Link(this, socket, this.links.length));
      this.bell.ring();
    });
  }

  /** Listens on a free port of loopback, or on a unix socket. */
  static async listen(script: Script = POLITE, path?: string): Promise<Upstream> {
    const server = createServer();
    await new Promise<void>((resolve, reject) => {
      server.once("error", reject);
      if (path === undefined) server.listen(0, "127.0.0.1", resolve);
      else server.listen(path, resolve);
    });
    const upstream = new Upstream(server, addressOf(server, path));
    upstream.script = script;
    return upstream;
  }

  /** Connections that the proxy holds open. */
  get open(): readonly Link[] {
    return this.links.filter((link) => !link.closed);
  }

  async close(): Promise<void> {
    for (const link of this.links) link.socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}

function addressOf(server: Server, path: string | undefined): Address {
  const bound = server.address();
  const address =
    bound !== null && typeof bound === "object"
      ? tcpAddress(bound.address, bound.port)
      : parseAddress(`unix:${path}`);
  if (address === undefined) throw new Error(`the upstream listens nowhere: ${path}`);
  return address;
}
