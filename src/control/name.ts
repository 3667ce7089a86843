// Endpoints that are given as names: what stands behind them is for the DNS to say.
import { isIP } from "node:net";
import { type Address, isLocalhost, parseAddress } from "../core/address.ts";

/** `text` is how people write and read it. */
export type Name =
  /** The addresses of a host (A, AAAA), each at `port`. */
  | { readonly kind: "host"; readonly host: string; readonly port: number; readonly text: string }
  /** The hosts and ports of a service (SRV), such as `_http._tcp.example.org`. */
  | { readonly kind: "srv"; readonly host: string; readonly text: string };

/** What a config says of where an endpoint is. */
export type Target = Address | Name;

/** What is all digits is a port, and the host before it is called srv. */
const SRV = /^srv:(?![0-9]+$)/;

/**
 * An address, or `host:port` and `srv:_service._proto.host` where DNS is to be asked; undefined when `text`
 * is none of these. `localhost` is this machine, whatever DNS says (RFC 6761, 6.3).
 */
export function parseTarget(text: string): Target | undefined {
  if (SRV.test(text)) return { kind: "srv", host: text.replace(SRV, ""), text };
  const address = parseAddress(text);
  if (address?.kind !== "tcp" || isIP(address.host) !== 0 || isLocalhost(address.host)) {
    return address;
  }
  return { ...address, kind: "host" };
}

/** Is it a name, whose addresses must be found? */
export function isName(target: Target): target is Name {
  return target.kind === "host" || target.kind === "srv";
}
