// The real cluster under watch: what it picks, what it grants, and what comes of it.
import type { BreakerChange } from "../../src/core/breaker.ts";
import { RAMP_MS } from "../../src/policy/ramp.ts";
import { Cluster } from "../../src/proxy/cluster.ts";
import type { Endpoint } from "../../src/proxy/endpoint.ts";
import type { Audit } from "./audit.ts";
import { watchAdmission } from "./watch-admission.ts";
import { watchBudget } from "./watch-budget.ts";
import { type Grants, watchGrants } from "./watch-grants.ts";
import { Returns } from "./watch-returns.ts";

type ClusterSettings = ConstructorParameters<typeof Cluster>[0];
type ClusterWorld = ConstructorParameters<typeof Cluster>[1];

export class WatchedCluster extends Cluster {
  readonly #audit: Audit;
  readonly #settings: ClusterSettings;
  readonly #grants: readonly Grants[];
  readonly #returns: Returns;
  readonly #admission: { atRest(): void };

  constructor(settings: ClusterSettings, world: ClusterWorld, audit: Audit) {
    super(settings, {
      ...world,
      changed: (cluster, endpoint, change) => {
        if (change.from === "closed" && change.to === "open") this.#tripped(endpoint, change);
        if (change.reason === "trials_passed") {
          this.#returns.begins(endpoint, change.at, settings.breaker?.ramp ?? 0);
        }
        world.changed(cluster, endpoint, change);
      },
    });
    this.#audit = audit;
    this.#settings = settings;
    this.#returns = new Returns(this, audit);
    this.#grants = this.endpoints.map((endpoint) => watchGrants(endpoint, audit));
    watchBudget(this.budget, audit);
    this.#admission = watchAdmission(this.gate, audit);
  }

  override pick(tried: readonly Endpoint[], now: number): Endpoint | undefined {
    const tier = this.tier;
    const picked = super.pick(tried, now);
    // As it is now: to find somebody, breakers may have been told to make their trials.
    const able = this.#able(now);
    const facts = (): string => this.#facts(picked, tried, now);
    const holds = (is: boolean, rule: string): void => this.#audit.holds(is, rule, facts);
    if (picked === undefined) {
      holds(able.length === 0, "nobody is asked only if nobody is usable");
      holds(
        this.#settings.minimumHealthy === 0 ||
          !this.endpoints.some((each) => this.#idles(each, now)),
        "where nobody is usable, no breaker stays open for longer than its first time",
      );
      return undefined;
    }
    const fresh = able.filter((endpoint) => !tried.includes(endpoint));
    holds(
      able.length === 0 ? picked.unusableAtLast(now) === undefined : able.includes(picked),
      "no attempt goes to an endpoint that is not usable while another one is",
    );
    holds(
      fresh.length === 0 || !tried.includes(picked),
      "no attempt goes to an endpoint that was tried while another one is usable",
    );
    const primaries = fresh.some((endpoint) => endpoint.tier === "primary");
    holds(
      picked.tier === "primary" || tier !== "primaries" || !primaries,
      "no attempt goes to a backup while a primary is usable",
    );
    this.#returns.picked(picked, fresh, now);
    return picked;
  }

  /** Everything is at rest: nothing may be left of what there was. */
  atRest(): void {
    const holds = (is: boolean, what: string): void =>
      this.#audit.holds(is, "nothing is left at the end", () => `${this.name} ${what}`);
    holds(this.inFlight === 0, `in flight ${this.inFlight}`);
    this.#admission.atRest();
    for (const { address, load } of this.endpoints) holds(load === 0, `${address.text} ${load}`);
    for (const grants of this.#grants) grants.atRest();
    this.#returns.atRest();
  }

  /** A probe has found an endpoint healthy that was not. */
  recovered(address: string, now: number): void {
    const endpoint = this.find(address);
    if (endpoint !== undefined) this.#returns.begins(endpoint, now, RAMP_MS);
  }

  /** Those that may be asked; backups together work on so many requests at most. */
  #able(now: number): readonly Endpoint[] {
    const load = this.backups.reduce((sum, endpoint) => sum + endpoint.load, 0);
    const full = this.backups.length > 0 && load >= this.#settings.backupConcurrency;
    const tiers = full ? this.primaries : this.endpoints;
    return tiers.filter((endpoint) => endpoint.unusable(now) === undefined);
  }

  #idles(endpoint: Endpoint, now: number): boolean {
    const { last } = endpoint.breaker ?? {};
    const { base = 0 } = this.#settings.breaker?.open ?? {};
    return endpoint.waits(now) && last !== undefined && now - last.at >= base;
  }

  /** The last ones stay in use, unless a backup is usable. */
  #tripped(endpoint: Endpoint, { reason, at }: BreakerChange): void {
    if (endpoint.tier === "backup" || reason === "forced") return;
    const used = (tier: readonly Endpoint[]): number =>
      tier.filter((each) => each !== endpoint && each.carries(at)).length;
    const left = used(this.primaries);
    this.#audit.holds(
      left >= this.#settings.minimumHealthy || used(this.backups) > 0,
      "breakers leave the last primaries in use, unless a backup is usable",
      () => `${endpoint.address.text} opens; ${left} left`,
    );
  }

  #facts(picked: Endpoint | undefined, tried: readonly Endpoint[], now: number): string {
    const all = this.endpoints.map((each) => `${each.address.text} ${each.unusable(now) ?? "ok"}`);
    const been = tried.map(({ address }) => address.text);
    return `picked ${picked?.address.text}, tried [${been}], now [${all}], ${this.tier} first`;
  }
}
