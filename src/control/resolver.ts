// Asks what addresses a name has: the machine's own way, or given name servers.
//
// With name servers, they alone are asked. Without, the hosts file comes first, and then, for a short name with each
// domain of the search list, the servers in resolv.conf. Questions go through c-ares, which tells TTLs and needs no
// thread. A breaker stands before all of it, so that name servers that are sick are not hammered by many names.
import type { SrvRecord } from "node:dns";
import { Resolver } from "node:dns/promises";
import { isIP } from "node:net";
import CircuitBreaker from "opossum";
import pLimit, { type LimitFunction } from "p-limit";
import { type Place, tcpAddress, USUAL_WEIGHT } from "../core/address.ts";
import { fullNames, type Machine, parseHosts, parseSearch, THIS_MACHINE } from "./machine.ts";
import type { Name } from "./name.ts";
import type { Resolution } from "./watched.ts";

export type Family = "auto" | "ipv4" | "ipv6" | "both";

/** Times in milliseconds. */
export interface ResolverSettings {
  /** `address` or `address:port`, IPv6 in brackets; empty = the machine's own way. */
  readonly nameservers: readonly string[];
  readonly family: Family;
  /** How long one name may take, with all that it leads to. */
  readonly timeout: number;
}

interface Hosts {
  readonly addresses: readonly string[];
  readonly ttlMs: number | undefined;
}

/** Questions at the same time; others wait, and their timeout with them. */
const QUESTIONS_AT_ONCE = 16;
/** The name service is well, and has nothing to say: no reason not to ask for other names. */
const NO_SUCH_NAME = new Set(["ENOTFOUND", "ENODATA"]);
const BREAKER = {
  errorThresholdPercentage: 50,
  volumeThreshold: 5,
  rollingCountTimeout: 30_000,
  resetTimeout: 5000,
  rollingPercentilesEnabled: false,
  enableSnapshots: false,
};

export class NameResolver {
  readonly #settings: ResolverSettings;
  readonly #machine: Machine;
  readonly #resolver: Resolver;
  readonly #breaker: CircuitBreaker<[Name, AbortSignal], Resolution>;
  readonly #limit: LimitFunction = pLimit(QUESTIONS_AT_ONCE);

  constructor(settings: ResolverSettings, machine: Machine = THIS_MACHINE) {
    this.#settings = settings;
    this.#machine = machine;
    const { timeout, nameservers } = settings;
    // Two tries fit: one packet may be lost.
    const patience = Math.max(1, Math.floor(timeout / 2));
    this.#resolver = new Resolver({ timeout: patience, maxTimeout: patience, tries: 2 });
    const servers = nameservers.length > 0 ? nameservers : (machine.servers ?? []);
    if (servers.length > 0) this.#resolver.setServers(servers);
    this.#breaker = new CircuitBreaker((name, signal) => this.#resolve(name, signal), {
      ...BREAKER,
      timeout,
      errorFilter: (error) => NO_SUCH_NAME.has(codeOf(error)),
    });
  }

  /** Rejects with an Error, whose message is for people, when there is no answer. */
  async resolve(name: Name): Promise<Resolution> {
    const over = new AbortController();
    try {
      return await this.#breaker.fire(name, over.signal);
    } catch (error) {
      throw new Error(problemOf(error), { cause: error });
    } finally {
      // What still waits to be asked need not be asked any more.
      over.abort();
    }
  }

  /** What is under way ends, and rejects. */
  close(): void {
    this.#breaker.shutdown();
    this.#resolver.cancel();
    this.#limit.clearQueue();
  }

  async #resolve(name: Name, signal: AbortSignal): Promise<Resolution> {
    if (name.kind === "srv") return this.#service(name, signal);
    const { addresses, ttlMs } = await this.#hosts(name.host, signal);
    const { port, text } = name;
    return { places: placesOf(addresses, port, USUAL_WEIGHT, { text, authority: text }), ttlMs };
  }

  /** Of several priorities only the first is used (RFC 2782): for the others there are backups. */
  async #service(name: Name, signal: AbortSignal): Promise<Resolution> {
    const records = await this.#ask(signal, () => this.#resolver.resolveSrv(name.host));
    const first = Math.min(...records.map(({ priority }) => priority));
    const used = records.filter(({ priority }) => priority === first);
    const heaviest = Math.max(...used.map(({ weight }) => weight));
    const found = await Promise.all(used.map(({ name: host }) => this.#known(host, signal)));
    const places = used.flatMap((record, index) => {
      const authority = tcpAddress(record.name, record.port).text;
      const weight = shareOf(record, heaviest);
      const { addresses = [] } = found[index] ?? {};
      return placesOf(addresses, record.port, weight, { text: name.text, authority });
    });
    if (places.length === 0) throw new Error("no host of the service has an address");
    const ttls = found.flatMap(({ ttlMs }) => ttlMs ?? []);
    return { places, ttlMs: ttls.length === 0 ? undefined : Math.min(...ttls) };
  }

  /** Nothing, where there is no such host: others of its service may be there. */
  async #known(host: string, signal: AbortSignal): Promise<Hosts> {
    try {
      return await this.#hosts(host, signal);
    } catch (error) {
      if (NO_SUCH_NAME.has(codeOf(error))) return { addresses: [], ttlMs: undefined };
      throw error;
    }
  }

  #hosts(host: string, signal: AbortSignal): Promise<Hosts> {
    const { nameservers } = this.#settings;
    return nameservers.length === 0 ? this.#lookUp(host, signal) : this.#query(host, signal);
  }

  /** As hosts(5) and resolv.conf(5) say. */
  async #lookUp(host: string, signal: AbortSignal): Promise<Hosts> {
    const { hosts, resolv } = await this.#machine.read();
    const addresses = this.#ofFamily(parseHosts(hosts).get(host.toLowerCase()) ?? []);
    if (addresses.length > 0) return { addresses, ttlMs: undefined };
    let unknown: unknown;
    for (const name of fullNames(host, parseSearch(resolv))) {
      try {
        return await this.#query(name, signal);
      } catch (error) {
        if (!NO_SUCH_NAME.has(codeOf(error))) throw error;
        unknown = error;
      }
    }
    throw unknown;
  }

  #ofFamily(addresses: readonly string[]): readonly string[] {
    const { family } = this.#settings;
    const [four, six] = [4, 6].map((kind) => addresses.filter((each) => isIP(each) === kind));
    if (family === "both") return addresses;
    return (family === "ipv6" || (family === "auto" && four?.length === 0) ? six : four) ?? [];
  }

  async #query(host: string, signal: AbortSignal): Promise<Hosts> {
    const { family } = this.#settings;
    if (family !== "both") {
      const four = await this.#records(family === "ipv6" ? 6 : 4, host, signal);
      const instead = family === "auto" && four.addresses.length === 0;
      return someOf(instead ? await this.#records(6, host, signal) : four);
    }
    const [four, six] = await Promise.all([
      this.#records(4, host, signal),
      this.#records(6, host, signal),
    ]);
    const ttls = [four.ttlMs, six.ttlMs].filter((ttl) => ttl !== undefined);
    const addresses = [...four.addresses, ...six.addresses];
    return someOf({ addresses, ttlMs: ttls.length === 0 ? undefined : Math.min(...ttls) });
  }

  /** None, where the host has addresses of the other family only. */
  async #records(family: 4 | 6, host: string, signal: AbortSignal): Promise<Hosts> {
    try {
      const records = await this.#ask(signal, () =>
        family === 4
          ? this.#resolver.resolve4(host, { ttl: true })
          : this.#resolver.resolve6(host, { ttl: true }),
      );
      const ttlMs = Math.min(...records.map(({ ttl }) => ttl)) * 1000;
      return { addresses: records.map(({ address }) => address), ttlMs };
    } catch (error) {
      if (codeOf(error) === "ENODATA") return { addresses: [], ttlMs: undefined };
      throw error;
    }
  }

  #ask<T>(signal: AbortSignal, question: () => Promise<T>): Promise<T> {
    return this.#limit(() => {
      signal.throwIfAborted();
      return question();
    });
  }
}

function placesOf(
  addresses: readonly string[],
  port: number,
  weight: number,
  { text, authority }: { readonly text: string; readonly authority: string },
): Place[] {
  const name = { text, authority };
  return addresses.map((address) => ({ address: tcpAddress(address, port), weight, name }));
}

/** Weights of SRV are of any size: the heaviest is as heavy as others are. 0 is "hardly ever" there. */
function shareOf({ weight }: SrvRecord, heaviest: number): number {
  return heaviest === 0 ? USUAL_WEIGHT : Math.max(1, (USUAL_WEIGHT * weight) / heaviest);
}

function someOf(hosts: Hosts): Hosts {
  if (hosts.addresses.length > 0) return hosts;
  throw Object.assign(new Error("no address"), { code: "ENODATA" });
}

function codeOf(error: unknown): string {
  return error instanceof Error && "code" in error ? String(error.code) : "";
}

const PROBLEMS: Readonly<Record<string, string>> = {
  ENOTFOUND: "there is no such name (ENOTFOUND)",
  ENODATA: "the name has no such records (ENODATA)",
  ESERVFAIL: "the name server failed (ESERVFAIL)",
  EREFUSED: "the name server refused (EREFUSED)",
  ECONNREFUSED: "no name server is there (ECONNREFUSED)",
  ETIMEOUT: "no answer in time (ETIMEOUT)",
  ETIMEDOUT: "no answer in time (ETIMEDOUT)",
  EOPENBREAKER: "not asked: too many names could not be resolved of late",
};

function problemOf(error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  return PROBLEMS[codeOf(error)] ?? message;
}
