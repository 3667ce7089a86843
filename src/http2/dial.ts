// The one place where the socket of a session towards an endpoint is made.
import net from "node:net";
import type { Address } from "../core/address.ts";
import { lookUpLoopback } from "../core/loopback.ts";

/** How a session reaches its endpoint. */
export interface Way {
  /** What `:scheme` says there. */
  readonly scheme: "http" | "https";
  /** A socket that has begun to connect. */
  dial(address: Address): net.Socket;
}

/** In plaintext, by prior knowledge. */
export const PLAIN: Way = {
  scheme: "http",
  dial: (address) =>
    address.kind === "unix"
      ? net.connect({ path: address.path })
      : net.connect({ host: address.host, port: address.port, lookup: lookUpLoopback }),
};
