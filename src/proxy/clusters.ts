// Every cluster of a sidecar, by name, while the config that names them changes.
import { Cluster, type ClusterSettings, type ClusterWorld } from "./cluster.ts";

export class Clusters {
  readonly #world: ClusterWorld;
  #named: ReadonlyMap<string, Cluster> = new Map();
  /** Those that are not named any more and still work on something. */
  readonly #leaving = new Map<string, Cluster>();

  constructor(world: ClusterWorld) {
    this.#world = world;
  }

  get(name: string): Cluster | undefined {
    return this.#named.get(name);
  }

  [Symbol.iterator](): Iterator<Cluster> {
    return this.#named.values();
  }

  /**
   * Goes on with these. A cluster of the same name is the same cluster, with new settings; one that is not
   * named any more finishes what it works on, with the endpoints that it has, and is gone then.
   */
  update(all: readonly ClusterSettings[]): void {
    const before = new Map([...this.#leaving, ...this.#named]);
    this.#named = new Map(all.map((each) => [each.name, this.#cluster(each, before)]));
    for (const [name, cluster] of before) {
      if (this.#named.has(name)) continue;
      this.#leaving.set(name, cluster);
      cluster.retire(() => this.#leaving.delete(name));
    }
  }

  /** Cuts every connection at once. */
  destroy(): void {
    for (const cluster of [...this.#named.values(), ...this.#leaving.values()]) cluster.destroy();
  }

  #cluster(settings: ClusterSettings, before: ReadonlyMap<string, Cluster>): Cluster {
    const known = before.get(settings.name);
    if (known === undefined) return new Cluster(settings, this.#world);
    this.#leaving.delete(settings.name);
    known.update(settings);
    return known;
  }
}
