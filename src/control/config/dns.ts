// The options of the resolution of names.
import { isIP } from "node:net";
import { z } from "zod";
import { parseAddress } from "../../core/address.ts";
import { duration } from "./field.ts";

const NAMESERVER = /^([0-9.]+|\[[0-9a-fA-F:.]+\])(:[0-9]{1,5})?$/;
const NAMESERVER_SHAPE = "must be an IP address, such as 10.0.0.53, 127.0.0.1:5353 or [::1]:53";

const nameserver = z
  .string()
  .regex(NAMESERVER, { error: NAMESERVER_SHAPE })
  .refine(isNameserver, { error: NAMESERVER_SHAPE });

function isNameserver(text: string): boolean {
  const address = parseAddress(/:[0-9]+$/.test(text) ? text : `${text}:53`);
  return address?.kind === "tcp" && isIP(address.host) !== 0 && address.port !== 0;
}

const refresh = z
  .strictObject({
    min: duration("1s", ["100ms", "1h"], "Not sooner, however short the TTL is."),
    max: duration(
      "10s",
      ["100ms", "24h"],
      "Not later; and always then where no TTL is known, as for what is in the hosts file.",
    ),
  })
  .prefault({})
  .describe(
    "When a name is resolved again: when its TTL is over, or up to a fifth sooner. Where that fails, 1s to " +
      "30s later, more with each failure in a row; the last good answer holds meanwhile.",
  );

export const dns = z
  .strictObject({
    nameservers: z
      .array(nameserver)
      .prefault([])
      .describe(
        "Whom to ask, for fully qualified names. None = as this machine is set up: the hosts file, then " +
          "the name servers and the search list of resolv.conf.",
      ),
    family: z
      .enum(["auto", "ipv4", "ipv6", "both"])
      .prefault("auto")
      .describe("Which addresses of a name to use. auto = IPv4, or IPv6 where it has no other."),
    timeout: duration("2s", ["10ms", "1m"], "How long resolving a name may take."),
    refresh,
  })
  .prefault({})
  .describe("How the names among endpoints and backups are resolved.");
