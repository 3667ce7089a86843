// A cluster at work: its endpoints in two tiers, and which of them a request meets.
import type { Place } from "../core/address.ts";
import type { BreakerChange } from "../core/breaker.ts";
import type { Random } from "../core/clock.ts";
import { IN_FLIGHT, RETRY_BUDGET } from "../core/families.ts";
import type { PoolSettings } from "../http1/pool.ts";
import { lighter } from "../policy/balance.ts";
import { Budget, type BudgetSettings } from "../policy/budget.ts";
import { RAMP_MS } from "../policy/ramp.ts";
import { type Tier, type TierChange, TierChoice, type TierTimes } from "../policy/tier.ts";
import { ClusterMeter } from "./clustermeter.ts";
import { Endpoint, type EndpointSettings, type EndpointWorld } from "./endpoint.ts";
import { Fallback, type FallbackSettings } from "./fallback.ts";
import { Gate, type GateSettings, type GateWorld } from "./gate.ts";
import { isWell, mayTrip, uphold } from "./minimum.ts";
import type { Story } from "./record.ts";
import { nearest, Standing } from "./standing.ts";

/** What the config says of a cluster; times in milliseconds. */
export interface ClusterSettings extends EndpointSettings, GateSettings {
  readonly endpoints: readonly Place[];
  readonly backups: readonly Place[];
  /** The most requests that the backups work on at once. */
  readonly backupConcurrency: number;
  /** How many primaries breakers leave in use while there is no backup. */
  readonly minimumHealthy: number;
  readonly retryBudget: BudgetSettings;
  readonly failback: { readonly hold: number };
  readonly fallback?: FallbackSettings;
}

/** What clusters share with the rest of the sidecar. */
export interface ClusterWorld extends GateWorld, Pick<PoolSettings, "dial"> {
  readonly random: Random;
  /** A breaker has changed its state. */
  readonly changed: (cluster: string, endpoint: Endpoint, change: BreakerChange) => void;
  /** Another tier answers. */
  readonly tierChanged: (cluster: string, change: TierChange) => void;
}

export class Cluster {
  readonly name: string;
  readonly meter: ClusterMeter;
  readonly gate: Gate;
  /** Of the retries of all its routes together. */
  readonly budget: Budget;
  /** The last resort, if there is one. */
  fallback: Fallback | undefined;
  #settings: ClusterSettings;
  #primaries: readonly Endpoint[] = [];
  #backups: readonly Endpoint[] = [];
  #endpoints: readonly Endpoint[] = [];
  /** Requests that it works on, and those that wait until it does. */
  #present = 0;
  /** Those that are not in the settings any more and still work on something. */
  readonly #leaving = new Set<Endpoint>();
  readonly #world: EndpointWorld;
  readonly #choice: TierChoice;
  readonly #standing: Standing;
  /** Is a breaker open? Otherwise nothing has to be upheld. */
  #someOpen = false;
  readonly #chance: () => number;
  /** Called when the last request has ended; while the cluster is in use, nobody waits for that. */
  #whenIdle: (() => void) | undefined;

  constructor(settings: ClusterSettings, world: ClusterWorld) {
    const { name, retryBudget } = settings;
    const { meter, now, wheel, dial } = world;
    this.name = name;
    this.#settings = settings;
    this.meter = new ClusterMeter(meter, name);
    this.gate = new Gate(name, world);
    this.#chance = () => world.random.next();
    this.#choice = new TierChoice(timesOf(settings));
    this.#standing = new Standing((change) => {
      this.meter.changed(change);
      world.tierChanged(name, change);
    });
    this.budget = new Budget(retryBudget);
    meter.gauge(RETRY_BUDGET, { cluster: name }).read = () => this.budget.remaining(now());
    meter.gauge(IN_FLIGHT, { cluster: name }).read = () => this.inFlight;
    this.#world = {
      wheel,
      now,
      dial,
      meter,
      chance: this.#chance,
      mayTrip: (endpoint, now) => mayTrip(endpoint, this, this.#settings.minimumHealthy, now),
      changed: (endpoint, change) => {
        this.#someOpen = this.#endpoints.some(({ breaker }) => breaker?.state === "open");
        world.changed(name, endpoint, change);
      },
    };
    this.update(settings);
  }

  /**
   * Goes on with new settings, of the same name. Endpoints are known by their addresses: those that stay keep
   * all that is known of them, in whichever tier. Those that are not named any more get no request, and go when
   * their last one has ended. Where an address is named twice, the first counts, primaries before backups.
   */
  update(settings: ClusterSettings): void {
    this.#whenIdle = undefined;
    this.#settings = settings;
    this.#choice.times = timesOf(settings);
    this.budget.settings = settings.retryBudget;
    const { fallback, backups } = settings;
    this.fallback = fallback && new Fallback(fallback, this.meter.fallbacks);
    if (backups.length === 0) this.#choice.reset();
    this.gate.configure(settings);
    this.#place();
    for (const each of this.#endpoints) each.heed = this.gate.heed;
  }

  get primaries(): readonly Endpoint[] {
    return this.#primaries;
  }

  get backups(): readonly Endpoint[] {
    return this.#backups;
  }

  get endpoints(): readonly Endpoint[] {
    return this.#endpoints;
  }

  /** Who is asked first: primaries, backups, or primaries more and more (returning). */
  get tier(): TierChoice["kind"] {
    return this.#choice.kind;
  }

  /** The same or, where the last requests have found nobody, that. */
  get standing(): string {
    return this.#standing.kind;
  }

  /** The most requests that its backups work on at once. */
  get backupConcurrency(): number {
    return this.#settings.backupConcurrency;
  }

  /** Requests that it is working on. */
  get inFlight(): number {
    return this.#present - this.gate.waiting;
  }

  /** The endpoint whose address is written so. */
  find(text: string): Endpoint | undefined {
    return this.#endpoints.find((endpoint) => endpoint.address.text === text);
  }

  /** Is there anybody to ask, in any tier? */
  usable(now: number): boolean {
    this.#uphold(now);
    return this.#endpoints.some((endpoint) => isWell(endpoint.unusableAtLast(now)));
  }

  /**
   * The endpoint for the next attempt: none of `tried` while there is another one, and backups when no
   * primary can take it, or not yet again. Undefined when nobody can.
   */
  pick(tried: readonly Endpoint[], now: number): Endpoint | undefined {
    this.#uphold(now);
    const picked = this.#pick(tried, now) ?? this.#atLast(now);
    const { kind: choice } = this.#choice;
    if (picked === undefined || choice !== this.#standing.kind) {
      const why = (tier: "primary" | "all") =>
        nearest(tier === "all" ? this.#endpoints : this.#primaries, now);
      this.#standing.meets(picked, { choice, hasFallback: this.fallback !== undefined, why });
    }
    return picked;
  }

  /** One that is down only because it has come and gone too often, where there is nobody else. */
  #atLast(now: number): Endpoint | undefined {
    const atLast = (each: Endpoint): boolean =>
      each.unusable(now) === "down" && each.unusableAtLast(now) === undefined;
    const backups = this.#backupsHaveRoom() ? this.#backups : [];
    return this.#primaries.find(atLast) ?? backups.find(atLast);
  }

  #pick(tried: readonly Endpoint[], now: number): Endpoint | undefined {
    const primaries = this.#primaries;
    if (this.#backups.length === 0) return this.#from(primaries, tried, now);
    const well = primaries.some((endpoint) => isWell(endpoint.unusable(now)));
    const first = this.#choice.first(well, now, this.#chance);
    // Primaries that are only just back are no place for a second try.
    const settled = this.#choice.kind === "primaries" || tried.length === 0;
    const primary = first === "primary" && settled ? this.#from(primaries, tried, now) : undefined;
    if (primary !== undefined && !tried.includes(primary)) return primary;
    const backup = this.#backup(tried, now);
    if (backup === undefined || tried.includes(backup)) {
      const other = primary ?? this.#from(primaries, tried, now);
      const untried = other !== undefined && !tried.includes(other);
      if (backup === undefined || untried) return other;
    }
    const why = nearest(primaries, now);
    this.meter.spills.add(why ?? (tried.length > 0 ? "tried" : "returning"));
    return backup;
  }

  /** Is there anybody that a request could go to who is neither among `tried` nor `last`? */
  hasOther(tried: readonly Endpoint[], last: Endpoint, now: number): boolean {
    // Those that it has been to twice count twice, so that it goes on but so often.
    if (tried.length + 1 >= this.#endpoints.length) return false;
    return this.#endpoints.some(
      (other) => other !== last && !tried.includes(other) && other.unusable(now) === undefined,
    );
  }

  /** No more requests will come. When the last one has ended, connections and series go; then `gone` is called. */
  retire(gone: () => void): void {
    this.#whenIdle = () => {
      for (const { connections } of this.#endpoints) connections.close();
      this.gate.close();
      this.meter.drop();
      gone();
    };
    if (this.#present === 0) this.#whenIdle();
  }

  /** A request has come: its story learns whether it is admitted, at once or when that resolves. */
  enter(...asks: Parameters<Gate["enter"]>): Promise<number> | undefined {
    this.#present++;
    return this.gate.enter(...asks);
  }

  /** A request is over, and has been counted. */
  leave(story: Story, now: number): void {
    if (story.admitted) this.gate.leave(story, now);
    this.#present--;
    if (this.#whenIdle !== undefined && this.#present === 0) this.#whenIdle();
  }

  /** Cuts every connection at once. */
  destroy(): void {
    for (const { connections } of [...this.#endpoints, ...this.#leaving]) connections.destroy();
  }

  /** Brings the endpoints in line with the settings. */
  #place(): void {
    const { endpoints, backups } = this.#settings;
    const known = new Map<string, Endpoint>();
    for (const each of [...this.#endpoints, ...this.#leaving]) known.set(each.address.text, each);
    const placed = new Set<string>();
    const inTier = (tier: Tier, places: readonly Place[]): Endpoint[] =>
      places.flatMap((place) => {
        const { text } = place.address;
        if (placed.has(text)) return [];
        placed.add(text);
        const endpoint = known.get(text);
        if (endpoint === undefined) return new Endpoint(place, tier, this.#settings, this.#world);
        known.delete(text);
        this.#leaving.delete(endpoint);
        endpoint.configure(place, tier, this.#settings);
        return endpoint;
      });
    this.#primaries = inTier("primary", endpoints);
    this.#backups = inTier("backup", backups);
    this.#endpoints = [...this.#primaries, ...this.#backups];
    this.#someOpen = this.#endpoints.some(({ breaker }) => breaker?.state === "open");
    for (const endpoint of known.values()) {
      this.#leaving.add(endpoint);
      endpoint.retire(() => this.#leaving.delete(endpoint));
    }
  }

  #from(tier: readonly Endpoint[], tried: readonly Endpoint[], now: number): Endpoint | undefined {
    const [only] = tier;
    if (tier.length === 1) return only?.unusable(now) === undefined ? only : undefined;
    const able = tier.filter((endpoint) => endpoint.unusable(now) === undefined);
    const fresh = tried.length === 0 ? able : able.filter((endpoint) => !tried.includes(endpoint));
    return this.#lighter(fresh.length > 0 ? fresh : able, now);
  }

  /** What has just come back gives most of what it would get to those that have been here all along. */
  #lighter(candidates: readonly Endpoint[], now: number): Endpoint | undefined {
    const picked = lighter(candidates, now, this.#chance);
    const share = picked?.share(now) ?? 1;
    if (share === 1 || this.#chance() < share) return picked;
    const steady = candidates.filter((endpoint) => endpoint.share(now) === 1);
    return lighter(steady, now, this.#chance) ?? picked;
  }

  #backup(tried: readonly Endpoint[], now: number): Endpoint | undefined {
    return this.#backupsHaveRoom() ? this.#from(this.#backups, tried, now) : undefined;
  }

  #backupsHaveRoom(): boolean {
    return this.#backups.reduce((sum, { load }) => sum + load, 0) < this.backupConcurrency;
  }

  #uphold(now: number): void {
    if (this.#someOpen) uphold(this, this.#settings.minimumHealthy, now);
  }
}

function timesOf({ failback, breaker }: ClusterSettings): TierTimes {
  return { hold: failback.hold, ramp: breaker?.ramp ?? RAMP_MS };
}
