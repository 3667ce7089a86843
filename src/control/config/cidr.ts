// Blocks of addresses: `10.0.0.0/8`, `fd00::/8`. A single address is a block of one.
import { isIPv4, isIPv6 } from "node:net";

/** A block as the config holds it, or why it is none, with a hint that repeats the value. */
export type CidrResult =
  | { readonly ok: true; readonly text: string }
  | { readonly ok: false; readonly problem: string; readonly hint?: string };

const SHAPE = "must be a block of addresses such as 10.0.0.0/8 or fd00::/8";

/**
 * Reads `address/prefix`, or an address alone, which becomes a /32 or /128. Refuses a block whose
 * address has bits beyond its prefix: `10.1.2.3/8` is more often a slip than a wish.
 */
export function parseCidr(text: string): CidrResult {
  const [address = "", prefix, ...more] = text.split("/");
  const bytes = addressBytes(address);
  if (bytes === undefined || more.length > 0) return { ok: false, problem: SHAPE };
  const most = bytes.length * 8;
  if (prefix === undefined) return { ok: true, text: `${address}/${most}` };
  if (!/^(0|[1-9][0-9]{0,2})$/.test(prefix) || Number(prefix) > most) {
    return { ok: false, problem: `must have a prefix length from 0 to ${most} after the slash` };
  }
  const network = bytes.map((byte, index) => byte & maskOf(Number(prefix) - index * 8));
  if (network.every((byte, index) => byte === bytes[index])) return { ok: true, text };
  const hint = `did you mean ${bytesText(network)}/${prefix}?`;
  return { ok: false, problem: "has an address with bits set beyond its prefix length", hint };
}

/** The bits of one byte that the prefix covers, `bits` of them counted from the highest. */
function maskOf(bits: number): number {
  return bits >= 8 ? 0xff : bits <= 0 ? 0 : (0xff << (8 - bits)) & 0xff;
}

function addressBytes(address: string): number[] | undefined {
  if (isIPv4(address)) return address.split(".").map(Number);
  // A zone (`%eth0`) names an interface of this machine, not a block.
  if (!isIPv6(address) || address.includes("%")) return undefined;
  const [head = "", tail] = address.split("::");
  const first = groups(head);
  const last = tail === undefined ? [] : groups(tail);
  return [...first, ...new Array<number>(16 - first.length - last.length).fill(0), ...last];
}

/** The bytes of colon-separated groups, the last of which may be a dotted IPv4 address. */
function groups(text: string): number[] {
  if (text === "") return [];
  return text.split(":").flatMap((group) => {
    if (group.includes(".")) return group.split(".").map(Number);
    const value = Number.parseInt(group, 16);
    return [value >> 8, value & 0xff];
  });
}

function bytesText(bytes: readonly number[]): string {
  if (bytes.length === 4) return bytes.join(".");
  const words = Array.from({ length: 8 }, (_, index) => {
    const [high = 0, low = 0] = bytes.slice(index * 2, index * 2 + 2);
    return ((high << 8) | low).toString(16);
  });
  // The URL parser knows the canonical way to shorten an IPv6 address (RFC 5952).
  return new URL(`http://[${words.join(":")}]/`).hostname.slice(1, -1);
}
