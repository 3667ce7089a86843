// Sockets in: one ServerConnection per client, one exchange per request.
import net from "node:net";
import type { Address } from "../core/address.ts";
import { DOWNSTREAM_CONNECTIONS } from "../core/families.ts";
import type { Gauge, Meter } from "../core/meter.ts";
import type { Wheel } from "../core/wheel.ts";
import { ServerConnection } from "../http1/server.ts";
import type { ServerLimits, ServerSettings } from "../http1/settings.ts";
import { refusalText } from "./reply.ts";
import { type Path, serve } from "./serve.ts";

/** What the config says of a listener. */
export interface ListenerSettings {
  readonly name: string;
  readonly bind: Address;
  readonly limits: ServerLimits & { readonly connections: number };
}

/** What a listener shares with the rest of the sidecar. */
export interface ListenerWorld {
  readonly path: Path;
  readonly wheel: Wheel;
  readonly meter: Meter;
  /** Is a peer with this address believed? */
  trusts(address: string): boolean;
}

export class Listener {
  readonly name: string;
  /** To be bound by whoever owns the listener. */
  readonly server: net.Server;
  readonly #settings: ListenerSettings;
  readonly #world: ListenerWorld;
  readonly #connections = new Set<ServerConnection>();
  readonly #gauge: Gauge;
  readonly #shared: ServerSettings;
  #draining = false;
  #empty: (() => void) | undefined;

  constructor(settings: ListenerSettings, world: ListenerWorld) {
    this.name = settings.name;
    this.#settings = settings;
    this.#world = world;
    this.#gauge = world.meter.gauge(DOWNSTREAM_CONNECTIONS, { listener: settings.name });
    this.#gauge.read = () => this.#connections.size;
    this.#shared = this.#connectionSettings();
    const options = { pauseOnConnect: true, noDelay: true };
    this.server = net.createServer(options, (socket) => this.#accept(socket));
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size;
  }

  /** Takes no new connections and ends the others after what they have begun. */
  async drain(): Promise<void> {
    this.#draining = true;
    this.server.close();
    for (const connection of this.#connections) connection.drain();
    if (this.#connections.size === 0) return;
    await new Promise<void>((resolve) => {
      this.#empty = resolve;
    });
  }

  /** Cuts every connection. */
  destroy(): void {
    this.#draining = true;
    this.server.close();
    for (const connection of this.#connections) connection.cut();
  }

  #accept(socket: net.Socket): void {
    if (this.#connections.size >= this.#settings.limits.connections) return void socket.destroy();
    const address = socket.remoteAddress ?? "";
    const unix = this.#settings.bind.kind === "unix";
    const plain = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
    const peer = { address: plain, trusted: unix || this.#world.trusts(plain) };
    this.#connections.add(new ServerConnection(socket, peer, this.#shared, this.#closed));
  }

  readonly #closed = (connection: ServerConnection): void => {
    this.#connections.delete(connection);
    if (this.#connections.size === 0) this.#empty?.();
  };

  #connectionSettings(): ServerSettings {
    const { path, wheel } = this.#world;
    return {
      limits: this.#settings.limits,
      clock: path.clock,
      wheel,
      draining: () => this.#draining,
      serve: (exchange) => void serve(exchange, path),
      refuse: (wrong, peer) => {
        path.recorder.malformed(wrong, peer);
        return refusalText(wrong, path);
      },
    };
  }
}
