// The ways to one endpoint: connections of HTTP/1.1, sessions of HTTP/2, and which one a request takes.
import type { Address } from "../core/address.ts";
import type { Carrier, RequestHead } from "../core/exchange.ts";
import { isGrpc } from "../core/grpc.ts";
import { Pool, type PoolLimits, type PoolSettings } from "../http1/pool.ts";
import type { Dial } from "../http1/socket.ts";
import { SessionPool } from "../http2/clientpool.ts";
import { PLAIN, type Way } from "../http2/dial.ts";

/** What an endpoint is spoken to in; `auto` is what it prefers over TLS, else HTTP/1.1, except that gRPC needs HTTP/2. */
export type Protocol = "auto" | "http1" | "http2";

/** What the config says of them; times in milliseconds. */
export interface ConnectionOptions
  extends Pick<PoolLimits, "connectTimeout" | "responseHeaderBytes"> {
  readonly protocol: Protocol;
  readonly pool: Pick<PoolLimits, "max" | "idle">;
  /** Undefined for plaintext. */
  readonly tls?: Secured | undefined;
}

/** Ways through TLS; `name` is the host that the endpoint was found by. */
interface Secured {
  dial(name: string | undefined): Dial;
  way(name: string | undefined): Way;
  /** What the endpoint prefers; undefined while that is not known, which is seen to then. */
  agreed(address: Address, name: string | undefined): "h2" | "http/1.1" | undefined;
}

/** Where they lead, and what they share with the rest of the sidecar. */
type ConnectionWorld = Omit<PoolSettings, keyof PoolLimits> & Pick<PoolSettings, "dial">;

export class Connections {
  readonly #world: ConnectionWorld;
  #options: ConnectionOptions;
  #host: string | undefined;
  readonly #http1: Pool;
  /** Made when it is needed first. */
  #http2: SessionPool | undefined;

  /** `host` is the one that the endpoint was found by. */
  constructor(world: ConnectionWorld, options: ConnectionOptions, host: string | undefined) {
    this.#world = world;
    this.#options = options;
    this.#host = host;
    this.#http1 = new Pool({ ...world, ...this.#limits });
    if (options.protocol === "auto") options.tls?.agreed(world.address, host);
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

  /** Is there no room for another request? Of `auto`, what the endpoint prefers decides. */
  get full(): boolean {
    return this.#prefersHttp2 ? this.#sessions.full : this.#http1.full;
  }

  /** What carries `request`; on a new connection of HTTP/1.1 where it is to be `fresh`. Undefined when all are in use. */
  take(request: RequestHead, fresh: boolean): Carrier | undefined {
    const { protocol } = this.#options;
    if (this.#prefersHttp2 || (protocol === "auto" && isGrpc(request))) {
      return this.#sessions.take();
    }
    return fresh ? this.#http1.connect() : this.#http1.take();
  }

  /** Sees to it that there are `count` connections, or a session, if so many may be made. */
  warm(count: number): void {
    if (this.#prefersHttp2) this.#sessions.warm();
    else this.#http1.warm(count);
  }

  /** Takes new options. What they do not allow closes as soon as it is idle. */
  configure(options: ConnectionOptions, host: string | undefined): void {
    const { protocol } = options;
    this.#options = options;
    this.#host = host;
    if (protocol === "http2") this.#http1.close();
    else this.#http1.configure(this.#limits);
    if (protocol === "http1") this.#http2?.close();
    else this.#http2?.configure(this.#limits);
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

  /** Does everything go by HTTP/2? Of `auto` with TLS the endpoint decides, by ALPN. */
  get #prefersHttp2(): boolean {
    const { protocol, tls } = this.#options;
    if (protocol !== "auto" || tls === undefined) return protocol === "http2";
    return tls.agreed(this.#world.address, this.#host) === "h2";
  }

  get #sessions(): SessionPool {
    this.#http2 ??= new SessionPool({ ...this.#world, ...this.#limits });
    return this.#http2;
  }

  get #limits(): PoolLimits & { readonly way: Way } {
    const { pool, connectTimeout, responseHeaderBytes, tls } = this.#options;
    const dial = tls === undefined ? this.#world.dial : tls.dial(this.#host);
    const way = tls === undefined ? PLAIN : tls.way(this.#host);
    return { ...pool, connectTimeout, responseHeaderBytes, dial, way };
  }
}
