// Addresses as the config takes them: narrower than the words of core, and told apart by use.
import { isIPv4, isIPv6 } from "node:net";
import { type Address, parseAddress } from "../../core/address.ts";
import { parseTarget } from "../name.ts";

/** What an address looks like, for the JSON Schema; `addressProblem` knows more. */
export const ADDRESS = /^(unix:\/[^\0]+|\[[0-9a-fA-F:.]+\]:[0-9]{1,5}|[^\s:[\]/@]+:[0-9]{1,5})$/;

/** The same for an endpoint, which may be a name with SRV records. */
export const TARGET =
  /^(unix:\/[^\0]+|srv:[^\s:[\]/@]+|\[[0-9a-fA-F:.]+\]:[0-9]{1,5}|[^\s:[\]/@]+:[0-9]{1,5})$/;

/** The kernel's `sun_path` holds 104 bytes on macOS and 108 on Linux, with a zero at the end. */
const UNIX_PATH_BYTES = 103;

/** Why `text` cannot be listened on, or reached: undefined when it can. */
export function addressProblem(text: string, use: "bind" | "endpoint"): string | undefined {
  const address = parseAddress(text);
  if (address === undefined) return shapeProblem(text);
  if (address.kind === "unix") {
    const fits = Buffer.byteLength(address.path) <= UNIX_PATH_BYTES;
    return fits ? undefined : `must have a socket path of at most ${UNIX_PATH_BYTES} bytes`;
  }
  const isHost = text.startsWith("[") ? isIPv6(address.host) : isHostName(address.host);
  if (!isHost) return hostProblem(address.host);
  if (use === "endpoint" && address.port === 0) return "must name a port from 1 to 65535";
  return undefined;
}

/** Why `text` cannot be the address or the name of an endpoint; undefined when it can. */
export function targetProblem(text: string): string | undefined {
  const target = parseTarget(text);
  if (target?.kind !== "srv") return addressProblem(text, "endpoint");
  if (isHostName(target.host) && !isIPv4(target.host)) return undefined;
  return "must have a name and no port after srv:, such as srv:_http._tcp.example.org";
}

/** A name of DNS, with underscores, or an IPv4 address; never both at once. */
export function isHostName(host: string): boolean {
  if (host.length > 253) return false;
  const labels = host.split(".");
  const label = /^[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?$/;
  // WHATWG URL, "ends in a number": such a host is an IPv4 address or nothing.
  if (/^[0-9]+$/.test(labels.at(-1) ?? "")) return isIPv4(host);
  return labels.every((each) => label.test(each));
}

/** True for what only this machine can reach. */
export function isLoopback(address: Address): boolean {
  if (address.kind === "unix") return true;
  const { host } = address;
  if (isIPv4(host)) return host.startsWith("127.");
  return host === "localhost" || canonical(host) === "::1";
}

/** True for an address that stands for every address of this machine. */
export function isWildcard(address: Address): boolean {
  if (address.kind === "unix") return false;
  return address.host === "0.0.0.0" || canonical(address.host) === "::";
}

/** The one way to write an IPv6 address; undefined for what is none. */
function canonical(host: string): string | undefined {
  // Node's test is a regular expression that takes 15 ms to compile: not for what is plainly a name or IPv4.
  if (!host.includes(":") || !isIPv6(host)) return undefined;
  return new URL(`http://[${host}]/`).hostname.slice(1, -1);
}

function shapeProblem(text: string): string {
  if (text.startsWith("unix:"))
    return "must have an absolute path after unix:, such as unix:/run/app.sock";
  if (isIPv6(text) || /^[0-9a-fA-F]*:[0-9a-fA-F:]*:[0-9]+$/.test(text)) {
    return "must have an IPv6 address in brackets and a port, such as [::1]:8080";
  }
  if (/^[a-z]+:\/\//i.test(text)) return "must be host:port, without a scheme or a path";
  if (text.startsWith(":")) return "must have a host before the port, such as 127.0.0.1:8080";
  if (/:[0-9]{5,}$/.test(text)) return "must have a port from 0 to 65535";
  if (isHostName(text)) return "must have a port, as in host:port";
  return "must be host:port, [v6]:port or unix:/path";
}

function hostProblem(host: string): string {
  if (host === "*") return "must name a host; every address is 0.0.0.0 or [::]";
  return "must have a host name or an IP address before the port";
}
