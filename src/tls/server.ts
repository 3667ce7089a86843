// TLS towards clients: a server of node:tls that does not listen, into which accepted sockets are put.
import type { Socket } from "node:net";
import { Server, type TLSSocket } from "node:tls";
import type { San } from "../core/exchange.ts";
import { wordsOf } from "../core/words.ts";
import { socketBelow } from "../http1/socket.ts";
import type { Material } from "./material.ts";
import { type SanCheck, sanCheck, sansOf } from "./sans.ts";

/** Bounds; times in milliseconds. */
export interface HandshakeLimits {
  /** From the connection to the end of its handshake. */
  readonly timeout: number;
  /** So many at once, those included that wait for their turn. */
  readonly max: number;
  /** So many begin in a second. */
  readonly rate: number;
}

/** What the config says. */
export interface ServerTlsSettings {
  readonly clientCertificates: "require" | "request" | "off";
  /** Patterns of which a client's certificate must match one; none for any. */
  readonly allowedSans: readonly string[];
  readonly minVersion: 1.2 | 1.3;
  readonly handshakes: HandshakeLimits;
}

/** How a handshake ends. */
export type HandshakeEnd =
  | { readonly kind: "ok"; readonly socket: TLSSocket; readonly sans: readonly San[] }
  /** `unauthorized`: the client's certificate is missing, bad or not allowed. */
  | { readonly kind: "failed" | "unauthorized"; readonly why: string };

const ALPN = ["h2", "http/1.1"];
const NONE: readonly San[] = [];

export class ServerTls {
  readonly settings: ServerTlsSettings;
  readonly #server: Server;
  readonly #allows: SanCheck | undefined;
  readonly #waiting = new WeakMap<Socket, (end: HandshakeEnd) => void>();

  constructor(settings: ServerTlsSettings, material: Material) {
    const { clientCertificates: asks, allowedSans } = settings;
    this.settings = settings;
    this.#allows = allowedSans.length === 0 ? undefined : sanCheck(allowedSans);
    this.#server = new Server({
      ...contextOf(settings, material),
      requestCert: asks !== "off",
      rejectUnauthorized: asks === "require",
      ALPNProtocols: ALPN,
    });
    this.#server.on("secureConnection", (socket) => this.#judge(socket));
    this.#server.on("tlsClientError", (error, socket) => this.#failed(socket, error));
  }

  /** New handshakes use this from now on; what is connected stays. Throws when it cannot be used. */
  use(material: Material): void {
    this.#server.setSecureContext(contextOf(this.settings, material));
  }

  /** Begins the handshake on a socket that nothing was read from; `ended` is called once, unless the socket closes first. */
  begin(accepted: Socket, ended: (end: HandshakeEnd) => void): void {
    this.#waiting.set(accepted, ended);
    this.#server.emit("connection", accepted);
  }

  #judge(socket: TLSSocket): void {
    socket.disableRenegotiation();
    // Whoever ends before gets nothing any more; from here on the connection decides.
    socket.allowHalfOpen = true;
    const certificate =
      this.settings.clientCertificates === "off" ? undefined : socket.getPeerX509Certificate();
    const sans = certificate === undefined ? NONE : sansOf(certificate.subjectAltName);
    if (certificate !== undefined && !socket.authorized) {
      this.#turnAway(socket, String(socket.authorizationError));
    } else if (certificate !== undefined && this.#allows?.(sans) === false) {
      const names = sans.map(({ kind, name }) => `${kind}:${name}`).join(", ");
      this.#turnAway(socket, `none of its names is allowed: ${names}`);
    } else this.#end(socket, { kind: "ok", socket, sans });
  }

  #turnAway(socket: TLSSocket, why: string): void {
    socket.on("error", () => {}).destroy();
    this.#end(socket, { kind: "unauthorized", why: `the client's certificate: ${why}` });
  }

  #failed(socket: TLSSocket, error: Error): void {
    const bad = socket.authorizationError;
    const missing = "reason" in error && error.reason === "peer did not return a certificate";
    socket.destroy();
    if (missing) this.#end(socket, { kind: "unauthorized", why: wordsOf(error) });
    else if (bad) {
      this.#end(socket, { kind: "unauthorized", why: `the client's certificate: ${bad}` });
    } else this.#end(socket, { kind: "failed", why: wordsOf(error) });
  }

  #end(socket: TLSSocket, end: HandshakeEnd): void {
    const below = socketBelow(socket);
    const ended = this.#waiting.get(below);
    this.#waiting.delete(below);
    ended?.(end);
  }
}

function contextOf({ minVersion }: ServerTlsSettings, { texts }: Material) {
  const { certificate = "", key = "", ca } = texts;
  return {
    ...{ cert: certificate, key },
    // Without one nobody is trusted, rather than whomever Node trusts.
    ca: ca ?? [],
    minVersion: `TLSv${minVersion}` as const,
  };
}
