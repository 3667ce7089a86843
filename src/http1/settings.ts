// What the connections of one listener, or to one endpoint, have in common.
import type { Socket } from "node:net";
import type { Address } from "../core/address.ts";
import type { Clock } from "../core/clock.ts";
import type { Exchange, Malformed, Peer } from "../core/exchange.ts";
import type { Wheel } from "../core/wheel.ts";
import type { RequestLimits } from "./request.ts";
import type { Dial } from "./socket.ts";
import type { StallLimits } from "./stalls.ts";

/** While draining, a connection that was busy so recently may still bring a request. */
export const DRAIN_GRACE_MS = 1000;

/** Limits of one listener; times in milliseconds. */
export interface ServerLimits extends RequestLimits, StallLimits {
  /** Between requests; then the connection is closed. */
  readonly idle: number;
  /** From the first byte of a head to its end; then 408. */
  readonly headTimeout: number;
}

/** Of one listener. */
export interface ServerSettings {
  readonly limits: ServerLimits;
  readonly clock: Clock;
  readonly wheel: Wheel;
  /** True while the listener drains: no connection is kept. */
  draining(): boolean;
  serve(exchange: Exchange): void;
  /** Goes on with a connection that has turned out to speak HTTP/2; undefined where that is not wanted. */
  readonly http2?: ((socket: Socket, peer: Peer) => void) | undefined;
  /** What to answer to a head, or a body, that is refused before there is an exchange. */
  refuse(wrong: Malformed, peer: Peer): string;
}

/** Of one endpoint. */
export interface ClientSettings {
  readonly address: Address;
  readonly connectTimeout: number;
  /** Bytes of a response's field section. */
  readonly responseHeaderBytes: number;
  readonly wheel: Wheel;
  /** Where connections come from; undefined for the network. */
  readonly dial?: Dial | undefined;
}
