// A cluster at work: its endpoints, their connections and their counters.
import type { Address } from "../core/address.ts";
import type { Random } from "../core/clock.ts";
import {
  ATTEMPT_DURATION,
  ATTEMPTS,
  IN_FLIGHT,
  RETRIES,
  RETRY_BUDGET,
  UPSTREAM_CONNECTIONS,
  UPSTREAM_TRUNCATED,
} from "../core/families.ts";
import type { Counter, Gauge, Histogram, Meter } from "../core/meter.ts";
import type { Outcome } from "../core/outcome.ts";
import { Pool, type PoolSettings } from "../http1/pool.ts";
import { type Loaded, lighter } from "../policy/balance.ts";
import { Budget, type BudgetSettings } from "../policy/budget.ts";

/** What the config says of a cluster; times in milliseconds. */
export interface ClusterSettings {
  readonly name: string;
  readonly endpoints: readonly { readonly address: Address }[];
  readonly connectTimeout: number;
  readonly pool: { readonly max: number; readonly idle: number };
  readonly responseHeaderBytes: number;
  readonly retryBudget: BudgetSettings;
}

/** What clusters share with the rest of the sidecar. */
export type ClusterWorld = Pick<PoolSettings, "wheel" | "now"> & {
  readonly random: Random;
  readonly meter: Meter;
};

export class Endpoint implements Loaded {
  readonly address: Address;
  readonly pool: Pool;
  /** Requests that it is working on. */
  load = 0;
  readonly truncated: Counter;
  readonly #duration: Histogram;
  readonly #attempts = new Map<Outcome, Counter>();
  readonly #cluster: string;
  readonly #meter: Meter;

  constructor(address: Address, settings: ClusterSettings, world: ClusterWorld) {
    this.address = address;
    this.#cluster = settings.name;
    this.#meter = world.meter;
    this.pool = new Pool({
      address,
      connectTimeout: settings.connectTimeout,
      responseHeaderBytes: settings.responseHeaderBytes,
      max: settings.pool.max,
      idle: settings.pool.idle,
      wheel: world.wheel,
      now: world.now,
    });
    const { name: cluster } = settings;
    this.#duration = world.meter.histogram(ATTEMPT_DURATION, { cluster, tier: "primary" });
    const labels = { cluster, endpoint: address.text };
    this.truncated = world.meter.counter(UPSTREAM_TRUNCATED, labels);
    world.meter.gauge(UPSTREAM_CONNECTIONS, labels).read = () => this.pool.size;
  }

  /** Counts an attempt whose outcome is known. */
  count(outcome: Outcome, durationMs: number): void {
    this.#duration.observe(durationMs / 1000);
    let counter = this.#attempts.get(outcome);
    if (counter === undefined) {
      const labels = { cluster: this.#cluster, endpoint: this.address.text, outcome };
      counter = this.#meter.counter(ATTEMPTS, labels);
      this.#attempts.set(outcome, counter);
    }
    counter.add();
  }
}

export class Cluster {
  readonly name: string;
  readonly endpoints: readonly Endpoint[];
  readonly inFlight: Gauge;
  /** Of the retries of all its routes together. */
  readonly budget: Budget;
  readonly #meter: Meter;
  readonly #chance: () => number;

  constructor(settings: ClusterSettings, world: ClusterWorld) {
    this.name = settings.name;
    this.endpoints = settings.endpoints.map(
      ({ address }) => new Endpoint(address, settings, world),
    );
    this.#meter = world.meter;
    this.#chance = () => world.random.next();
    this.inFlight = world.meter.gauge(IN_FLIGHT, { cluster: this.name });
    this.budget = new Budget(settings.retryBudget);
    const remaining = world.meter.gauge(RETRY_BUDGET, { cluster: this.name });
    remaining.read = () => this.budget.remaining(world.now());
  }

  /** The endpoint for the next attempt: none of `tried` while there is another one. */
  pick(tried: readonly Endpoint[]): Endpoint | undefined {
    if (tried.length === 0) return lighter(this.endpoints, this.#chance);
    const untried = this.endpoints.filter((endpoint) => !tried.includes(endpoint));
    return lighter(untried.length > 0 ? untried : this.endpoints, this.#chance);
  }

  /** Counts an attempt that is made again because the one before ended so. */
  countRetry(outcome: Outcome): void {
    this.#meter.counter(RETRIES, { cluster: this.name, outcome }).add();
  }

  close(): void {
    for (const endpoint of this.endpoints) endpoint.pool.close();
  }

  destroy(): void {
    for (const endpoint of this.endpoints) endpoint.pool.destroy();
  }
}
