// Names become endpoints: which addresses the names in the config stand for, now and from now on.
//
// Each name is resolved again when its answer is old, never because of a request. What it stood for last
// holds until there is another answer: a name service that fails, or forgets a name, takes nothing away.
import { isDeepStrictEqual } from "node:util";
import type { Logger } from "pino";
import { type Place, USUAL_WEIGHT } from "../core/address.ts";
import type { Clock, Random } from "../core/clock.ts";
import { NAME_RESOLUTIONS } from "../core/families.ts";
import type { Meter } from "../core/meter.ts";
import type { Prepared } from "../core/prepared.ts";
import type { Wheel } from "../core/wheel.ts";
import type { RefreshSettings } from "../policy/refresh.ts";
import type { Change, Changes } from "./changes.ts";
import type { Config } from "./config/schema.ts";
import { isName, type Name, type Target } from "./name.ts";
import type { ResolverSettings } from "./resolver.ts";
import type { NameState } from "./state.ts";
import { type Before, type Resolution, Watched } from "./watched.ts";

type ClusterConfig = Config["clusters"][number];
/** The part of a config that names matter to. */
type NamesConfig = Pick<Config, "dns" | "clusters">;

/** A cluster whose endpoints are all addresses. */
export type Located = Omit<ClusterConfig, "endpoints" | "backups"> & {
  readonly endpoints: readonly Place[];
  readonly backups: readonly Place[];
};

/** Who answers. */
interface Resolver {
  resolve(name: Name): Promise<Resolution>;
  close(): void;
}

/** What discovery shares with the rest of the sidecar. */
export interface DiscoveryWorld {
  readonly wheel: Wheel;
  readonly clock: Clock;
  readonly random: Random;
  readonly meter: Meter;
  readonly log: Logger;
  readonly changes: Changes;
  /** Some names have other addresses now, which `locate` gives. Must not throw. */
  readonly moved: () => void;
  /** What to load where there are names at all; tests bring their own. */
  readonly resolver?: (settings: ResolverSettings) => Promise<Resolver>;
}

/** As many addresses of one name are used: the metrics of each take room. */
const PLACES_PER_NAME = 1000;
/** Before there is a config there is no name that could be asked for. */
const NOT_YET: RefreshSettings = { min: 0, max: 0 };

/** What the names of the config stand for, from `prepare` to `stop`. */
export class Discovery {
  readonly #world: DiscoveryWorld;
  #config: NamesConfig | undefined;
  #resolver: Promise<Resolver> | undefined;
  readonly #watched = new Map<string, Watched>();

  constructor(world: DiscoveryWorld) {
    this.#world = world;
  }

  /**
   * Watches the names of `config` as well, and as it says. Resolves when each new one was answered, or was
   * not, which takes little longer than `dns.timeout`. Never rejects. When `config` is in force, `commit`
   * forgets the names that are not in it; when it will not be, `undo` those that were not there before.
   */
  async prepare(config: NamesConfig): Promise<Prepared> {
    const before = this.#config ?? { ...config, clusters: [] };
    await this.#use(config);
    return {
      commit: () => this.#keep(config),
      undo: () => {
        void this.#use(before);
        this.#keep(before);
      },
    };
  }

  /** The clusters of `config`, with the endpoints and backups that are known now. */
  locate({ clusters }: NamesConfig): Located[] {
    const places = (all: ClusterConfig["endpoints"]): Place[] =>
      all.flatMap(({ address, weight }) => this.#places(address, weight));
    return clusters.map(({ endpoints, backups, ...rest }) => {
      return { ...rest, endpoints: places(endpoints), backups: places(backups) };
    });
  }

  /** Which name of a cluster has no address, and why; undefined when each has some. */
  lack(cluster: string): string | undefined {
    const lost = this.states(cluster).find(({ addresses }) => addresses === 0);
    return lost && `${lost.name}: ${lost.problem ?? "not resolved yet"}`;
  }

  /** What is known of the names of a cluster, for people. */
  states(cluster: string): NameState[] {
    const config = this.#config?.clusters.find(({ name }) => name === cluster);
    const names = config === undefined ? [] : namesOf(config);
    return names.map(({ text }) => {
      const { places = [], problem, at } = this.#watched.get(text) ?? {};
      const resolved = at === undefined ? undefined : new Date(at).toISOString();
      return { name: text, addresses: places.length, resolved, problem };
    });
  }

  stop(): void {
    for (const watched of this.#watched.values()) watched.close();
    void this.#resolver?.then((resolver) => resolver.close());
  }

  async #use(config: NamesConfig): Promise<void> {
    const anew = this.#config !== undefined && !sameServers(this.#config, config);
    this.#config = config;
    if (anew) this.#dismiss();
    const asked: Promise<void>[] = [];
    for (const name of config.clusters.flatMap(namesOf)) {
      const known = this.#watched.get(name.text);
      if (known === undefined || anew) asked.push((known ?? this.#watch(name)).ask());
    }
    await Promise.all(asked);
  }

  /** Forgets all other names. */
  #keep(config: NamesConfig): void {
    const wanted = new Set(config.clusters.flatMap(namesOf).map(({ text }) => text));
    for (const [text, watched] of this.#watched) {
      if (wanted.has(text)) continue;
      watched.close();
      this.#watched.delete(text);
      this.#world.meter.drop({ name: text });
    }
  }

  #places(target: Target, weight: number): Place[] {
    if (!isName(target)) return [{ address: target, weight }];
    const { places = [] } = this.#watched.get(target.text) ?? {};
    return places.map((place) => ({ ...place, weight: (weight * place.weight) / USUAL_WEIGHT }));
  }

  #watch(name: Name): Watched {
    const watched = new Watched(name, {
      ...this.#world,
      refresh: () => this.#config?.dns.refresh ?? NOT_YET,
      resolve: (asked) => this.#resolve(asked),
      asked: (told, before) => this.#tell(told, before),
    });
    this.#watched.set(name.text, watched);
    return watched;
  }

  #load(): Promise<Resolver> {
    const { resolver = loadResolver } = this.#world;
    if (this.#config === undefined) throw new Error("no config was prepared");
    this.#resolver ??= resolver(this.#config.dns);
    return this.#resolver;
  }

  /** The next one to ask will be another one; what is under way may still end. */
  #dismiss(): void {
    const old = this.#resolver;
    this.#resolver = undefined;
    const underWay = Array.from(this.#watched.values(), ({ asking }) => asking);
    void Promise.all(underWay).then(async () => (await old)?.close());
  }

  async #resolve(name: Name): Promise<Resolution> {
    const { places, ttlMs } = await (await this.#load()).resolve(name);
    if (places.length > PLACES_PER_NAME) {
      const facts = { name: name.text, addresses: places.length, used: PLACES_PER_NAME };
      this.#world.log.warn(facts, "a name has more addresses than are used");
    }
    return { places: places.slice(0, PLACES_PER_NAME), ttlMs };
  }

  #tell(watched: Watched, before: Before): void {
    const { name, problem, places } = watched;
    const { meter, changes, moved } = this.#world;
    const result = problem === undefined ? "ok" : "failed";
    meter.counter(NAME_RESOLUTIONS, { name: name.text, result }).add();
    for (const cluster of this.#config?.clusters ?? []) {
      if (!namesOf(cluster).some(({ text }) => text === name.text)) continue;
      for (const change of turns(watched, before))
        changes.add({ cluster: cluster.name, ...change });
    }
    if (places !== before.places) moved();
  }
}

async function loadResolver(settings: ResolverSettings): Promise<Resolver> {
  // Whoever has no names needs no name service, nor the memory for its breaker.
  const { NameResolver } = await import("./resolver.ts");
  return new NameResolver(settings);
}

function namesOf({ endpoints, backups }: ClusterConfig): Name[] {
  return [...endpoints, ...backups].map(({ address }) => address).filter(isName);
}

function sameServers({ dns: a }: NamesConfig, { dns: b }: NamesConfig): boolean {
  return isDeepStrictEqual({ ...a, refresh: undefined }, { ...b, refresh: undefined });
}

/** What has changed with the last answer, or with the lack of one. */
function* turns(
  { name, places, problem }: Watched,
  before: Before,
): Generator<Omit<Change, "time" | "cluster">> {
  const self = { subject: "name", endpoint: name.text };
  if (problem !== undefined && before.problem === undefined) {
    const kept = places.length === 0 ? "it has no address yet" : "its last addresses are kept";
    const from = places.length === 0 ? "unknown" : "resolved";
    yield { ...self, from, to: "failing", reason: `${problem}; ${kept}` };
  }
  if (problem === undefined && before.problem !== undefined) {
    yield { ...self, from: "failing", to: "resolved", reason: "answered" };
  }
  if (places === before.places) return;
  const [old, now] = [textsOf(before.places), textsOf(places)];
  for (const endpoint of now.difference(old)) {
    const reason = `an address of ${name.text}`;
    yield { subject: "discovery", endpoint, from: "absent", to: "present", reason };
  }
  for (const endpoint of old.difference(now)) {
    const reason = `no address of ${name.text} any more`;
    yield { subject: "discovery", endpoint, from: "present", to: "absent", reason };
  }
}

function textsOf(places: readonly Place[]): Set<string> {
  return new Set(places.map(({ address }) => address.text));
}
