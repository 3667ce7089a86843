// What this machine itself knows of names: its hosts file, and where in the DNS short names are looked for.
//
// Read here, and not through getaddrinfo: that holds one of the few threads of the process for as long as name
// servers keep silent, cannot be cancelled, not even by the end of the process, and tells no TTLs.
import { readFile } from "node:fs/promises";
import { isIP } from "node:net";

/** Addresses by name, in lower case, as hosts(5) says. */
type Hosts = ReadonlyMap<string, readonly string[]>;

/** As resolv.conf(5) says: names of fewer dots than `ndots` are looked for in the domains first. */
interface Search {
  readonly domains: readonly string[];
  readonly ndots: number;
}

export interface Machine {
  /** Whom to ask; undefined = the name servers of resolv.conf. */
  readonly servers?: readonly string[];
  /** The texts of hosts and resolv.conf as they are now. */
  read(): Promise<{ readonly hosts: string; readonly resolv: string }>;
}

export const THIS_MACHINE: Machine = {
  async read() {
    const [hosts, resolv] = await Promise.all([text("/etc/hosts"), text("/etc/resolv.conf")]);
    return { hosts, resolv };
  },
};

/** What is not there says nothing. */
function text(path: string): Promise<string> {
  return readFile(path, "utf8").catch(() => "");
}

export function parseHosts(file: string): Hosts {
  const hosts = new Map<string, string[]>();
  for (const [address = "", ...names] of fieldsOf(file, /#.*/)) {
    if (isIP(address) === 0) continue;
    for (const name of names.map((each) => each.toLowerCase())) {
      hosts.set(name, [...(hosts.get(name) ?? []), address]);
    }
  }
  return hosts;
}

export function parseSearch(file: string): Search {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const [keyword = "", ...values] of fieldsOf(file, /[#;].*/)) {
    // Of several the last one counts.
    if (keyword === "search" || keyword === "domain") domains = values;
    const given = values.map((value) => /^ndots:([0-9]+)$/.exec(value)?.[1]).findLast(Boolean);
    if (keyword === "options" && given !== undefined) ndots = Math.min(15, Number(given));
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, "")).filter(Boolean), ndots };
}

/** The full names that `host` may mean, in the order in which they are to be tried. */
export function fullNames(host: string, { domains, ndots }: Search): readonly string[] {
  const below = domains.map((domain) => `${host}.${domain}`);
  const dots = host.split(".").length - 1;
  return dots >= ndots ? [host, ...below] : [...below, host];
}

function fieldsOf(file: string, comment: RegExp): string[][] {
  const lines = file.split("\n").map((line) => line.replace(comment, "").trim());
  return lines.filter((line) => line !== "").map((line) => line.split(/\s+/));
}
