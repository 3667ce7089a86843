// The connections to one endpoint. The one that was used last is used next, so that those which the
// load does not need grow old and are closed before the server closes them.
import { Timer } from "../core/wheel.ts";
import { ClientConnection, type ClientOwner } from "./client.ts";
import type { ClientSettings } from "./settings.ts";
import { dialPlain } from "./socket.ts";

/** Limits of a pool. */
export interface PoolLimits
  extends Pick<ClientSettings, "connectTimeout" | "responseHeaderBytes" | "dial"> {
  /** Most connections at once, busy and idle. */
  readonly max: number;
  /** Milliseconds an idle connection is kept; to be below the server's own keep-alive timeout. */
  readonly idle: number;
}

export interface PoolSettings extends ClientSettings, PoolLimits {
  readonly now: () => number;
}

export class Pool implements ClientOwner {
  #settings: PoolSettings;
  readonly #idle: ClientConnection[] = [];
  readonly #all = new Set<ClientConnection>();
  readonly #sweep: Timer;
  #closed = false;

  constructor(settings: PoolSettings) {
    this.#settings = settings;
    this.#sweep = new Timer(() => this.#expire());
  }

  /** How many connections there are, busy and idle. */
  get size(): number {
    return this.#all.size;
  }

  /** How many of them wait for a request. */
  get idle(): number {
    return this.#idle.length;
  }

  /** Are all busy, and no more may be made? */
  get full(): boolean {
    return this.#idle.length === 0 && this.#all.size >= this.#settings.max;
  }

  /** An idle connection, or a new one; undefined when all are busy and no more may be made. */
  take(): ClientConnection | undefined {
    for (let last = this.#idle.pop(); last !== undefined; last = this.#idle.pop()) {
      if (last.usable) return last;
    }
    return this.connect();
  }

  /** A new connection; undefined when no more may be made. */
  connect(): ClientConnection | undefined {
    if (this.#all.size >= this.#settings.max) return undefined;
    const connection = new ClientConnection(this.#settings, this);
    this.#all.add(connection);
    return connection;
  }

  /** Sees to it that there are `count` connections, busy or waiting for a request, if so many may be made. */
  warm(count: number): void {
    while (this.#all.size < count && !this.#closed && this.connect() !== undefined);
  }

  /** Takes new limits, and is open if it was closed. A connection that they do not allow closes as soon as it is idle. */
  configure(limits: PoolLimits): void {
    this.#closed = false;
    this.#settings = { ...this.#settings, ...limits };
    const surplus = this.#all.size - limits.max;
    const idle = this.#idle.splice(0);
    for (const [age, connection] of idle.entries()) {
      if (age >= surplus && this.#fits(connection)) this.#idle.push(connection);
      else connection.destroy();
    }
    this.#expire();
  }

  released(connection: ClientConnection): void {
    const { wheel, idle, max } = this.#settings;
    if (this.#closed || !this.#fits(connection) || this.#all.size > max) {
      return connection.destroy();
    }
    connection.idleSince = wheel.time;
    this.#idle.push(connection);
    if (this.#idle.length === 1) wheel.armAt(this.#sweep, wheel.time + idle);
  }

  closed(connection: ClientConnection): void {
    this.#all.delete(connection);
    const index = this.#idle.indexOf(connection);
    if (index >= 0) this.#idle.splice(index, 1);
  }

  /** Closes what is idle now and what becomes idle later. */
  close(): void {
    this.#closed = true;
    this.#settings.wheel.disarm(this.#sweep);
    for (const connection of this.#idle.splice(0)) connection.destroy();
  }

  /** Closes every connection at once. */
  destroy(): void {
    this.close();
    for (const connection of this.#all) connection.destroy();
  }

  /** Does it take heads as large as it has to, and was it made as connections are made now? */
  #fits({ headerBytes, dial }: ClientConnection): boolean {
    const { responseHeaderBytes, dial: wanted = dialPlain } = this.#settings;
    return headerBytes === responseHeaderBytes && dial === wanted;
  }

  #expire(): void {
    const { idle, now, wheel } = this.#settings;
    const oldest = now() - idle;
    let expired = 0;
    while (expired < this.#idle.length && (this.#idle[expired]?.idleSince ?? 0) <= oldest)
      expired++;
    for (const connection of this.#idle.splice(0, expired)) connection.destroy();
    const next = this.#idle[0];
    if (next === undefined) wheel.disarm(this.#sweep);
    else wheel.armAt(this.#sweep, next.idleSince + idle);
  }
}
