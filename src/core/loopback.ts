// The addresses of this machine's own name, which are the same everywhere (RFC 6761, 6.3): whoever connects to
// localhost, or a name below it, need not ask for them. Other names have become addresses before anybody connects.
import type { LookupFunction } from "node:net";
import { isLocalhost } from "./address.ts";

const LOOPBACK = [
  { address: "127.0.0.1", family: 4 },
  { address: "::1", family: 6 },
];

/** The `lookup` of a socket: both addresses, of which the first that answers is taken; nothing for other names. */
export const lookUpLoopback: LookupFunction = (host, { all }, callback) => {
  if (!isLocalhost(host)) callback(new Error(`${host} is a name, and no address`), []);
  else if (all) callback(null, LOOPBACK);
  else callback(null, "127.0.0.1", 4);
};
