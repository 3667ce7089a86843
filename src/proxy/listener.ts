// Sockets in: one connection per client, of HTTP/1.1 or HTTP/2, and one exchange per request.
import net from "node:net";
import type { Address } from "../core/address.ts";
import type { Peer, San } from "../core/exchange.ts";
import { DOWNSTREAM_FLOODS, DOWNSTREAM_REFUSED, TLS_HANDSHAKES } from "../core/families.ts";
import type { Counter, Meter } from "../core/meter.ts";
import type { Wheel } from "../core/wheel.ts";
import { ServerConnection } from "../http1/server.ts";
import type { ServerLimits, ServerSettings } from "../http1/settings.ts";
import { StreamConnection } from "../http2/server.ts";
import type { StreamLimits, StreamSettings } from "../http2/settings.ts";
import { Spread } from "../policy/spread.ts";
import { type HandshakeFailure, Handshakes } from "../tls/handshakes.ts";
import type { ServerTls } from "../tls/server.ts";
import { refusal, refusalText } from "./reply.ts";
import { type Path, serve } from "./serve.ts";

/** What a listener is to do. */
export interface ListenerSettings {
  readonly name: string;
  readonly bind: Address;
  readonly limits: ServerLimits & { readonly connections: number };
  readonly http2: StreamLimits;
  /** Undefined for plaintext. */
  readonly tls?: ServerTls | undefined;
  /** Is a peer with this address, and these names in its certificate, believed? */
  readonly trusts: (address: string, sans?: readonly San[]) => boolean;
  /** Asked once, when the settings come into force. */
  readonly path: () => Path;
}

/** A client's connection, whatever it speaks. */
interface Connection {
  drain(): void;
  rest(rests: boolean): void;
  cut(): void;
}

export class Listener {
  /** To be bound by whoever owns the listener. */
  readonly server: net.Server;
  readonly #wheel: Wheel;
  readonly #meter: Meter;
  readonly #connections = new Set<Connection>();
  /** The settings in force, what every request meets, and what new connections get. */
  #settings: ListenerSettings | undefined;
  #path: Path | undefined;
  #shared: ServerSettings | undefined;
  /** The same where the protocol has been agreed upon: nothing is to be found out. */
  #agreed: ServerSettings | undefined;
  /** Who came before there were settings in force, or while some have to wait. */
  #early: net.Socket[] = [];
  #holds = false;
  readonly #handshakes: Handshakes;
  /** Whose turn it is to rest. */
  readonly #turns = new Spread();
  /** How many clients there may be, and how many more there were. */
  #most: number;
  #refused: Counter;
  #drained: Promise<void> | undefined;
  #empty: (() => void) | undefined;

  /** `first` are settings that will be in force soon; `failed` hears of handshakes. */
  constructor(
    wheel: Wheel,
    meter: Meter,
    first: ListenerSettings,
    failed: (failure: HandshakeFailure & { readonly listener: string }) => void,
  ) {
    this.#wheel = wheel;
    this.#meter = meter;
    this.#most = first.limits.connections;
    this.#refused = this.#countsFor(first);
    this.#handshakes = new Handshakes(wheel, {
      ended: ({ socket, sans }) => this.#connect(socket, sans, socket.alpnProtocol),
      count: (result) => {
        const { name } = this.#settings ?? first;
        meter.counter(TLS_HANDSHAKES, { listener: name, result }).add();
        this.#ended();
      },
      failed: (failure) => failed({ listener: (this.#settings ?? first).name, ...failure }),
    });
    const options = { pauseOnConnect: true, noDelay: true };
    this.server = net.createServer(options, (socket) => this.#accept(socket));
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#connections.size + this.#early.length + this.#handshakes.size;
  }

  /** How many there are of those that there may be, from 0 to 1. */
  get fullness(): number {
    return this.connections / this.#most;
  }

  /**
   * Reads no new requests from a share of the connections, other ones each time, and lets those that have just
   * come wait, but for the rest of the share, until it is called again.
   */
  rest(share: number): void {
    for (const each of this.#connections) each.rest(this.#turns.next() < share);
    this.#holds = false;
    const turn = this.#early.splice(0, Math.ceil(this.#early.length * (1 - share)));
    for (const socket of turn) this.#accept(socket);
    this.#holds = share > 0;
  }

  /**
   * Puts settings into force: the path for the next request of every connection, the rest for new
   * connections. Until it is called for the first time, clients wait.
   */
  configure(settings: ListenerSettings): void {
    this.#settings = settings;
    this.#path = settings.path();
    this.#shared = this.#connectionSettings(settings, this.#path);
    const { http2: _, ...agreed } = this.#shared;
    this.#agreed = agreed;
    this.#most = settings.limits.connections;
    this.#refused = this.#countsFor(settings);
    for (const socket of this.#early.splice(0)) this.#accept(socket);
  }

  /** Takes no new connections and ends the others after what they have begun. */
  drain(): Promise<void> {
    this.#drained ??= new Promise((resolve) => {
      this.#empty = resolve;
    });
    this.server.close();
    for (const connection of this.#connections) connection.drain();
    this.#ended();
    return this.#drained;
  }

  /** Cuts every connection. */
  destroy(): void {
    this.server.close();
    for (const connection of this.#connections) connection.cut();
    for (const socket of this.#early) socket.destroy();
    this.#handshakes.destroy();
  }

  #accept(socket: net.Socket): void {
    if (this.connections >= this.#most) {
      this.#refused.add();
      return void socket.destroy();
    }
    const settings = this.#settings;
    if (settings === undefined || this.#holds) return void this.#early.push(socket);
    if (settings.tls === undefined) this.#connect(socket);
    else this.#handshakes.add(socket, settings.tls);
  }

  /** `sans` of those who speak TLS, and the `protocol` that was agreed upon there. */
  #connect(socket: net.Socket, sans?: readonly San[], protocol?: string | false | null): void {
    const [settings, shared] = [this.#settings, this.#shared];
    if (settings === undefined || shared === undefined) return void socket.destroy();
    const address = socket.remoteAddress ?? "";
    const unix = settings.bind.kind === "unix";
    const plain = address.startsWith("::ffff:") ? address.slice("::ffff:".length) : address;
    const trusted = unix || settings.trusts(plain, sans);
    const secure = sans !== undefined;
    const peer: Peer = { address: plain, trusted, secure, ...(secure && { sans }) };
    if (protocol === "h2") return shared.http2?.(socket, peer);
    const agreed = secure ? this.#agreed : shared;
    const connection = new ServerConnection(socket, peer, agreed ?? shared, this.#closed);
    this.#connections.add(connection);
    if (this.#drained !== undefined) connection.drain();
  }

  readonly #closed = (connection: Connection): void => {
    this.#connections.delete(connection);
    this.#ended();
  };

  /** A connection, or a handshake, has ended. */
  #ended(): void {
    if (this.#connections.size + this.#handshakes.size === 0) this.#empty?.();
  }

  #countsFor({ name }: ListenerSettings): Counter {
    return this.#meter.counter(DOWNSTREAM_REFUSED, { listener: name });
  }

  #connectionSettings(settings: ListenerSettings, first: Path): ServerSettings {
    const path = (): Path => this.#path ?? first;
    const streams = this.#streamSettings(settings, first);
    return {
      limits: settings.limits,
      clock: first.clock,
      wheel: this.#wheel,
      draining: () => this.#drained !== undefined,
      serve: (exchange) => void serve(exchange, path()),
      http2: (socket, peer) => this.#speak(socket, peer, streams),
      refuse: (wrong, peer) => {
        path().recorder.malformed(wrong, peer);
        return refusalText(wrong, path());
      },
    };
  }

  #streamSettings({ name, limits, http2 }: ListenerSettings, first: Path): StreamSettings {
    const path = (): Path => this.#path ?? first;
    return {
      limits,
      http2,
      clock: first.clock,
      random: first.random,
      wheel: this.#wheel,
      draining: () => this.#drained !== undefined,
      serve: (exchange) => void serve(exchange, path()),
      refusal: (wrong, peer) => {
        path().recorder.malformed(wrong, peer, "HTTP/2");
        return refusal(wrong, path());
      },
      broken: (detail, peer, flood) => {
        if (flood !== undefined)
          this.#meter.counter(DOWNSTREAM_FLOODS, { listener: name, flood }).add();
        // Nothing was answered: no status.
        path().recorder.malformed({ reason: "bad_request", status: 0, detail }, peer, "HTTP/2");
      },
    };
  }

  /** Whoever has found out that a connection speaks HTTP/2 brings it here. */
  #speak(socket: net.Socket, peer: Peer, settings: StreamSettings): void {
    const connection = new StreamConnection(socket, peer, settings, this.#closed);
    this.#connections.add(connection);
    if (settings.draining()) connection.drain();
  }
}
