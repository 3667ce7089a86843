// What a probe is: one question to one endpoint over a connection of its own.
//
// A new connection each time, because whether it can be had is half of the question, and because
// one that is kept would be closed by the service's idle limit just as the next probe begins.
import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { addAbortSignal } from "node:stream";
import type { Address } from "../core/address.ts";
import { lookUpLoopback } from "../core/loopback.ts";
import type { Advice } from "../policy/advice.ts";
import type { ClientTls } from "../tls/client.ts";

export interface HttpCheck {
  readonly kind: "http";
  readonly path: string;
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Both ends belong to the range. */
  readonly statuses: readonly { readonly from: number; readonly to: number }[];
  /** What must be in the first 64 KiB of the body. */
  readonly body: string | undefined;
  /** Is it asked over HTTP/2, in plaintext by prior knowledge? */
  readonly http2?: boolean;
}

export interface GrpcCheck {
  readonly kind: "grpc";
  /** "" asks for the whole server. */
  readonly service: string;
}

export type Check = { readonly kind: "tcp" } | HttpCheck | GrpcCheck;

/** What an endpoint said, in words for the operator. */
export interface Answer {
  readonly passed: boolean;
  readonly reason: string;
  /** Undefined when there was no answer that could have said something. */
  readonly advice: Advice | undefined;
}

/**
 * Asks `address`; rejects when no answer can be had. Once `signal` is aborted the connection is
 * gone and nothing more is waited for.
 */
export type Probe = (address: Address, signal: AbortSignal) => Promise<Answer>;

/** No answer to a probe is read beyond this. */
export const ANSWER_BYTES = 65_536;

/** How endpoints that speak TLS are reached, and the name that this one was found by. */
export interface Secured {
  readonly tls: Pick<ClientTls, "connect">;
  readonly name: string | undefined;
}

/**
 * A connection that ends with `signal`, whatever it is doing; `ready` says when it can be used. Errors reach those
 * who listen.
 */
export function dial(
  address: Address,
  signal: AbortSignal,
  secured: Secured | undefined,
  protocol = "http/1.1",
): Socket {
  if (secured !== undefined) {
    const { tls, name } = secured;
    const socket = tls.connect(address, name, { ALPNProtocols: [protocol] });
    return addAbortSignal(
      signal,
      socket.on("error", () => {}),
    );
  }
  const where =
    address.kind === "unix"
      ? { path: address.path }
      : { host: address.host, port: address.port, lookup: lookUpLoopback };
  return connect({ ...where, noDelay: true, signal }).on("error", () => {});
}

/** Resolves when `dial` has connected, with TLS when it is known to whom. */
export async function ready(socket: Socket): Promise<void> {
  await once(socket, "encrypted" in socket ? "secureConnect" : "connect");
}

/** The origin of URLs on `address`. */
export function originOf(address: Address, secured: Secured | undefined): string {
  const scheme = secured === undefined ? "http" : "https";
  return `${scheme}://${address.kind === "unix" ? "localhost" : address.text}`;
}
