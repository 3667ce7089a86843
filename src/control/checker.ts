// Active health checks of every endpoint of every cluster.
//
// All are asked at the same rate, the healthy and the sick, the used and the idle: a backup that is
// never asked cannot be relied on. Probes take none of the limits of the traffic, and their results
// reach neither a limiter nor a breaker.
import pLimit from "p-limit";
import type { Address } from "../core/address.ts";
import type { HealthState } from "../policy/health.ts";
import {
  Checked,
  type CheckTarget,
  type CheckWorld,
  type ProbeResult,
  type Shared,
} from "./checked.ts";

/** Probes, and so connections, at the same time; others wait, and their timeout with them. */
export const PROBES_AT_ONCE = 16;

/** What is known of one endpoint. */
export interface CheckStatus {
  readonly state: HealthState;
  /** It passes its probes, and is unhealthy only because it has fallen too often lately. */
  readonly held: boolean;
  readonly last: ProbeResult | undefined;
}

/** Checks from `start` to `stop`; neither is called twice. */
export class Checker {
  readonly #shared: Shared;
  readonly #checked = new Map<string, Checked>();
  /** Those of the first round whose state is not known yet. */
  readonly #awaited = new Set<Checked>();
  readonly #firstRound = Promise.withResolvers<void>();

  constructor(world: CheckWorld) {
    this.#shared = { ...world, limit: pLimit(PROBES_AT_ONCE) };
  }

  /**
   * Begins to check `targets`. Resolves when the state of each is known, or it was removed: with no
   * targets at once, else within a few timeouts. Never rejects.
   */
  start(targets: readonly CheckTarget[]): Promise<void> {
    this.update(targets);
    for (const checked of this.#checked.values()) this.#awaited.add(checked);
    this.#endFirstRound();
    return this.#firstRound.promise;
  }

  /** Checks `targets` from now on. Those with the same cluster and address keep their state. */
  update(targets: readonly CheckTarget[]): void {
    const wanted = new Map(targets.map((each) => [keyOf(each.cluster, each.address), each]));
    for (const [key, checked] of this.#checked) {
      if (wanted.has(key)) continue;
      void this.#drop(key, checked);
      this.#shared.observer.dropped(checked.target);
    }
    for (const [key, target] of wanted) {
      const known = this.#checked.get(key);
      if (known === undefined) this.#add(key, target);
      else known.configure(target);
    }
  }

  /** What is known of an endpoint; undefined when it is not checked. */
  status(cluster: string, address: Address): CheckStatus | undefined {
    const checked = this.#checked.get(keyOf(cluster, address));
    if (checked === undefined) return undefined;
    const { health, last } = checked;
    return { state: health.state, held: health.held(this.#shared.clock.now()), last };
  }

  /** Cuts every probe. Resolves when none is left; nothing is told any more. */
  async stop(): Promise<void> {
    await Promise.all(Array.from(this.#checked, ([key, checked]) => this.#drop(key, checked)));
  }

  #add(key: string, target: CheckTarget): void {
    const checked = new Checked(target, this.#shared, () => {
      if (checked.health.state !== "unknown") this.#awaited.delete(checked);
      this.#endFirstRound();
    });
    this.#checked.set(key, checked);
    checked.start();
  }

  #drop(key: string, checked: Checked): Promise<void> {
    this.#checked.delete(key);
    this.#awaited.delete(checked);
    this.#endFirstRound();
    return checked.close();
  }

  #endFirstRound(): void {
    if (this.#awaited.size === 0) this.#firstRound.resolve();
  }
}

function keyOf(cluster: string, address: Address): string {
  return `${cluster}\0${address.text}`;
}
