// The ways to one endpoint: connections of HTTP/1.1, sessions of HTTP/2, and which one a request takes.
import type { Carrier, RequestHead } from "../core/exchange.ts";
import { idOf } from "../core/fields.ts";
import { Pool, type PoolLimits, type PoolSettings } from "../http1/pool.ts";
import { SessionPool } from "../http2/clientpool.ts";
import { PLAIN } from "../http2/dial.ts";

/** What an endpoint is spoken to in; `auto` is HTTP/1.1, except that gRPC needs HTTP/2. */
export type Protocol = "auto" | "http1" | "http2";

/** What the config says of them; times in milliseconds. */
export interface ConnectionOptions
  extends Pick<PoolLimits, "connectTimeout" | "responseHeaderBytes"> {
  readonly protocol: Protocol;
  readonly pool: Pick<PoolLimits, "max" | "idle">;
}

/** Where they lead, and what they share with the rest of the sidecar. */
type ConnectionWorld = Omit<PoolSettings, keyof PoolLimits>;

const CONTENT_TYPE = idOf("content-type");

export class Connections {
  readonly #world: ConnectionWorld;
  #options: ConnectionOptions;
  readonly #http1: Pool;
  /** Made when it is needed first. */
  #http2: SessionPool | undefined;

  constructor(world: ConnectionWorld, options: ConnectionOptions) {
    this.#world = world;
    this.#options = options;
    this.#http1 = new Pool({ ...world, ...limitsOf(options) });
  }

  /** How many connections there are, busy and idle. */
  get size(): number {
    return this.#http1.size + (this.#http2?.size ?? 0);
  }

  /** Of HTTP/2: how many of them are sessions, and the requests on them; undefined before the first. */
  get http2():
    | { readonly sessions: number; readonly streams: number; readonly waiting: number }
    | undefined {
    if (this.#http2 === undefined) return undefined;
    const { size, streams } = this.#http2;
    return { sessions: size, streams: streams.open, waiting: streams.waiting };
  }

  /** Is there no room for another request? Of `auto`, HTTP/1.1 decides. */
  get full(): boolean {
    return this.#options.protocol === "http2" ? this.#sessions.full : this.#http1.full;
  }

  /** What carries `request`; on a new connection of HTTP/1.1 where it is to be `fresh`. Undefined when all are in use. */
  take(request: RequestHead, fresh: boolean): Carrier | undefined {
    const { protocol } = this.#options;
    if (protocol === "http2" || (protocol === "auto" && isGrpc(request))) {
      return this.#sessions.take();
    }
    return fresh ? this.#http1.connect() : this.#http1.take();
  }

  /** Sees to it that there are `count` connections, or a session, if so many may be made. */
  warm(count: number): void {
    if (this.#options.protocol === "http2") this.#sessions.warm();
    else this.#http1.warm(count);
  }

  /** Takes new options. What they do not allow closes as soon as it is idle. */
  configure(options: ConnectionOptions): void {
    const { protocol } = options;
    this.#options = options;
    if (protocol === "http2") this.#http1.close();
    else this.#http1.configure(limitsOf(options));
    if (protocol === "http1") this.#http2?.close();
    else this.#http2?.configure(limitsOf(options));
  }

  /** Closes what is idle now and what becomes idle later. */
  close(): void {
    this.#http1.close();
    this.#http2?.close();
  }

  /** Closes everything at once. */
  destroy(): void {
    this.#http1.destroy();
    this.#http2?.destroy();
  }

  get #sessions(): SessionPool {
    this.#http2 ??= new SessionPool({ ...this.#world, ...limitsOf(this.#options), way: PLAIN });
    return this.#http2;
  }
}

/** gRPC says so in the type of what it sends, and only ever sends it by POST. */
function isGrpc({ method, fields }: RequestHead): boolean {
  if (method !== "POST") return false;
  return fields.get(CONTENT_TYPE)?.toLowerCase().startsWith("application/grpc") === true;
}

function limitsOf({ pool, connectTimeout, responseHeaderBytes }: ConnectionOptions): PoolLimits {
  return { ...pool, connectTimeout, responseHeaderBytes };
}
