// Where something listens or is reached.

/** A TCP host and port, or the path of a unix socket; `text` is how people write and read it. */
export type Address =
  | { readonly kind: "tcp"; readonly host: string; readonly port: number; readonly text: string }
  | { readonly kind: "unix"; readonly path: string; readonly text: string };

/** Is it this machine's own name, which means its loopback addresses wherever one asks (RFC 6761, 6.3)? */
export function isLocalhost(host: string): boolean {
  return /^(?:.+\.)?localhost$/i.test(host);
}

/** The weight of an endpoint of which nothing else is said. */
export const USUAL_WEIGHT = 100;

/** Where an endpoint is, and its part of the traffic in proportion to the others': 0 to 100. */
export interface Place {
  readonly address: Address;
  readonly weight: number;
  /** The name that it was found by, as the config has it, and what its own `host` field would say. */
  readonly name?: { readonly text: string; readonly authority: string };
}

/** `host:port`, `[v6]:port` or `unix:/path`; undefined when `text` is none of these. */
export function parseAddress(text: string): Address | undefined {
  if (text.startsWith("unix:")) {
    const path = text.slice("unix:".length);
    return path.startsWith("/") && !path.includes("\0") ? { kind: "unix", path, text } : undefined;
  }
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:[\]/@]+)):([0-9]{1,5})$/.exec(text);
  if (match === null) return undefined;
  const port = Number(match[3]);
  const host = match[1] ?? match[2] ?? "";
  return port > 65535 ? undefined : { kind: "tcp", host, port, text };
}

/** The address as text, with IPv6 hosts in brackets. */
export function tcpAddress(host: string, port: number): Address {
  const text = host.includes(":") ? `[${host}]:${port}` : `${host}:${port}`;
  return { kind: "tcp", host, port, text };
}
