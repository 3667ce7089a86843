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

const NO_H2 = "TLS: the endpoint does not speak HTTP/2: it has not agreed upon h2";

/** Sessions that are kept for the next handshakes, one for each endpoint. */
const SESSIONS = 1000;

export class ClientTls {
  readonly #settings: ClientTlsSettings;
  readonly #allows: SanCheck | undefined;
  readonly #sessions = new Map<string, Buffer>();
  /** By the name that is asked for. */
  readonly #dials = new Map<string | undefined, Dial>();
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
      if (this.#sessions.size >= SESSIONS && oldest !== undefined) this.#sessions.delete(oldest);
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

  /** The same for sessions of HTTP/2. */
  way(name: string | undefined): Way {
    const known = this.#ways.get(name);
    if (known !== undefined) return known;
    const dial = (address: Address): TLSSocket => {
      const socket = this.connect(address, name, { ALPNProtocols: ["h2"] });
      return socket.prependOnceListener("secureConnect", () => {
        if (socket.alpnProtocol !== "h2") socket.destroy(new Error(NO_H2));
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
