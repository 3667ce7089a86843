// Whose word is taken for others.
import { BlockList, isIPv4 } from "node:net";
import type { San } from "../core/exchange.ts";
import { sanCheck } from "../tls/sans.ts";

const SAN = "san:";

/**
 * Tells whether an address is in one of the blocks of `trusted`, each an address and its prefix length, or one of
 * the names in its certificate matches a pattern there, which has `san:` before it.
 */
export function trustList(
  trusted: readonly string[],
): (address: string, sans?: readonly San[]) => boolean {
  const list = new BlockList();
  for (const block of trusted.filter((each) => !each.startsWith(SAN))) {
    const [address = "", prefix] = block.split("/");
    list.addSubnet(address, Number(prefix), familyOf(address));
  }
  const patterns = trusted.filter((each) => each.startsWith(SAN));
  const named = sanCheck(patterns.map((each) => each.slice(SAN.length)));
  return (address, sans = []) => list.check(address, familyOf(address)) || named(sans);
}

function familyOf(address: string): "ipv4" | "ipv6" {
  return isIPv4(address) ? "ipv4" : "ipv6";
}
