// TLS towards the endpoints of a cluster: whom to believe, by which name, and what to show of ourselves.
import {
  type ConnectionOptions,
  checkServerIdentity,
  connect,
  createSecureContext,
  type PeerCertificate,
  type SecureContext,
  type TLSSocket,
} from "node:tls";
import type { Address } from "../core/address.ts";
import { lookUpLoopback } from "../core/loopback.ts";
import { ownSecure } from "../http1/owned.ts";
import { type Dial, EndpointSocket, isKept, type SocketEvents } from "../http1/socket.ts";
import type { Way } from "../http2/dial.ts";
import type { Material } from "./material.ts";
import { type SanCheck, sanCheck, sansOf } from "./sans.ts";

/** What the config says. */
export interface ClientTlsSettings {
  /** Whom to ask for (SNI), and the name that its certificate must have. */
  readonly serverName?: string;
  /** Patterns of which its certificate must match one, in place of the name. */
  readonly sans: readonly string[];
  readonly minVersion: 1.2 | 1.3;
}

/** An endpoint has so long to say what it speaks, in milliseconds. */
const ASK_MS = 10_000;

/** So many endpoints are remembered: their sessions for the next handshakes, and what they speak. */
const MOST = 1000;

export class ClientTls {
  readonly #settings: ClientTlsSettings;
  readonly #allows: SanCheck | undefined;
  readonly #sessions = new Map<string, Buffer>();
  /** By the name that is asked for. */
  readonly #dials = new Map<string | undefined, Dial>();
  /** Of endpoints: what they have chosen, and those that are being asked. */
  readonly #agreed = new Map<string, "h2" | "http/1.1">();
  readonly #asking = new Set<string>();
  readonly #ways = new Map<string | undefined, Way>();
  #context: SecureContext;

  constructor(settings: ClientTlsSettings, material: Material) {
    this.#settings = settings;
    this.#allows = settings.sans.length === 0 ? undefined : sanCheck(settings.sans);
    this.#context = contextOf(settings, material);
  }

  /** New connections use this from now on; those that are there stay. Throws when it cannot be used. */
  use(material: Material): void {
    this.#context = contextOf(this.#settings, material);
    this.#sessions.clear();
  }

  /** Connects and shakes hands: `secureConnect` when that is done. `name`: what the endpoint was found by. */
  connect(address: Address, name: string | undefined, more: ConnectionOptions = {}): TLSSocket {
    const { serverName = name } = this.#settings;
    const where =
      address.kind === "unix"
        ? { path: address.path }
        : { host: address.host, port: address.port, lookup: lookUpLoopback };
    const key = `${address.text} ${serverName}`;
    const session = this.#sessions.get(key);
    const context = this.#context;
    const options: ConnectionOptions = {
      ...where,
      ...(serverName !== undefined && { servername: serverName }),
      ...(session !== undefined && { session }),
      secureContext: context,
      rejectUnauthorized: true,
      checkServerIdentity: (host, certificate) => this.#check(host, certificate),
      ...more,
    };
    const socket = connect(options).setNoDelay(true);
    return socket.on("session", (fresh) => {
      if (context !== this.#context) return;
      const [oldest] = this.#sessions.keys();
      if (this.#sessions.size >= MOST && oldest !== undefined) this.#sessions.delete(oldest);
      this.#sessions.set(key, fresh);
    });
  }

  /** Where connections to an endpoint come from; the same for as long as it is asked for the same name. */
  dial(name: string | undefined): Dial {
    const known = this.#dials.get(name);
    if (known !== undefined) return known;
    const dial: Dial = (address, events) => new EndpointSocket(this.#stream(address, name, events));
    this.#dials.set(name, dial);
    return dial;
  }

  /** What an endpoint chooses of h2 and http/1.1; while that is not known, one handshake at a time asks for it. */
  agreed(address: Address, name: string | undefined): "h2" | "http/1.1" | undefined {
    const key = `${address.text} ${name}`;
    const known = this.#agreed.get(key);
    if (known !== undefined || this.#asking.has(key)) return known;
    this.#asking.add(key);
    const socket = this.connect(address, name, { ALPNProtocols: ["h2", "http/1.1"] });
    socket.once("secureConnect", () => {
      if (this.#agreed.size >= MOST) this.#agreed.clear();
      this.#agreed.set(key, socket.alpnProtocol === "h2" ? "h2" : "http/1.1");
      socket.end();
    });
    socket.on("error", () => {}).once("close", () => this.#asking.delete(key));
    // Nobody waits for it.
    socket.setTimeout(ASK_MS, () => socket.destroy()).unref();
    return undefined;
  }

  /** The same as `dial`, for sessions of HTTP/2. */
  way(name: string | undefined): Way {
    const known = this.#ways.get(name);
    if (known !== undefined) return known;
    const dial = (address: Address): TLSSocket => {
      const socket = this.connect(address, name, { ALPNProtocols: ["h2"] });
      // Where it has not agreed upon h2 the session ends; it did so before, or was told to, and is asked again.
      return socket.once("secureConnect", () => {
        if (socket.alpnProtocol !== "h2") this.#agreed.delete(`${address.text} ${name}`);
      });
    };
    const way: Way = { scheme: "https", dial };
    this.#ways.set(name, way);
    return way;
  }

  #stream(address: Address, name: string | undefined, events: SocketEvents) {
    const socket = this.connect(address, name, { ALPNProtocols: ["http/1.1"] });
    const { destroy } = socket;
    const stream = Object.assign(ownSecure(socket, events, true), {
      writeError: undefined,
      destroy(error?: Error) {
        return isKept(stream, events, error) ? stream : Reflect.apply(destroy, stream, [error]);
      },
    });
    // Nothing is sent before it is known to whom.
    stream.cork();
    socket.once("secureConnect", () => {
      stream.uncork();
      try {
        events.onConnect();
      } catch (error) {
        events.onBug(error);
      }
    });
    return stream;
  }

  #check(host: string, certificate: PeerCertificate): Error | undefined {
    if (this.#allows === undefined) return checkServerIdentity(host, certificate);
    const sans = sansOf(certificate.subjectaltname);
    if (this.#allows(sans)) return undefined;
    const names = certificate.subjectaltname ?? "none";
    return new Error(`TLS: none of the certificate's names is allowed: ${names}`);
  }
}

function contextOf({ minVersion }: ClientTlsSettings, { texts }: Material): SecureContext {
  const { certificate: cert, key, ca } = texts;
  return createSecureContext({
    ...(cert !== undefined && key !== undefined && { cert, key }),
    ...(ca !== undefined && { ca }),
    minVersion: `TLSv${minVersion}`,
  });
}
