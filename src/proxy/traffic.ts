// Everything that a request meets, from its socket to the endpoints, while the config changes.
import type { AccessLog } from "../core/access.ts";
import type { Clock } from "../core/clock.ts";
import type { Prepared } from "../core/prepared.ts";
import type { ClusterSettings, ClusterWorld } from "./cluster.ts";
import { Clusters } from "./clusters.ts";
import type { ListenerSettings } from "./listener.ts";
import { type Bound, Listeners, type ListenersWorld } from "./listeners.ts";
import { Protection, type ProtectionSettings, type ProtectionWorld } from "./protection.ts";
import { Recorder } from "./record.ts";
import type { Router } from "./router.ts";
import { type HedgeDelay, type RouteSettings, Routes } from "./routes.ts";
import type { Path, Route } from "./serve.ts";

/** A listener, as far as the config goes. */
interface ListenerPlan extends Omit<ListenerSettings, "path"> {
  readonly routes: readonly RouteSettings[];
}

/** What one config says of traffic. */
export interface TrafficSettings {
  readonly clusters: readonly ClusterSettings[];
  readonly listeners: readonly ListenerPlan[];
  readonly accessLog: AccessLog;
  /** How long listeners that are no more have to end what was begun. */
  readonly patienceMs: number;
  readonly protection: ProtectionSettings;
}

/** What traffic shares with the rest of the sidecar. */
export interface TrafficWorld
  extends Omit<ClusterWorld, "now" | "wall">,
    ListenersWorld,
    ProtectionWorld {
  readonly clock: Clock;
  /** Hears of exceptions in which a request has ended. */
  bug(error: unknown): void;
}

export class Traffic {
  readonly clusters: Clusters;
  readonly protection: Protection;
  readonly #routes: Routes;
  readonly #listeners: Listeners;
  /** By listener. */
  #routers: ReadonlyMap<string, Router<Route>> = new Map();
  readonly #world: TrafficWorld;

  constructor(world: TrafficWorld) {
    this.#world = world;
    this.clusters = new Clusters({
      ...world,
      now: () => world.clock.now(),
      wall: () => world.clock.wall(),
    });
    this.#routes = new Routes(this.clusters, world);
    this.#listeners = new Listeners(world);
    this.protection = new Protection(world, this.#listeners);
  }

  get listeners(): readonly Bound[] {
    return this.#listeners.bound;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#listeners.connections;
  }

  /**
   * Gets ready to go on as a config says: binds what is new, and rejects when that cannot be. With the commit,
   * the next request of every connection meets the new routes and clusters; those under way end as they
   * began.
   */
  async prepare(settings: TrafficSettings): Promise<Prepared> {
    const { clusters, listeners, accessLog, patienceMs, protection } = settings;
    const { commit, undo } = await this.#listeners.prepare(
      listeners.map((each) => ({ ...each, path: () => this.#path(each, accessLog) })),
      patienceMs,
    );
    return {
      undo,
      commit: () => {
        this.clusters.update(clusters);
        this.#routers = this.#routes.compile(listeners);
        commit();
        this.protection.configure(protection);
      },
    };
  }

  /** Of the routes to this cluster that hedge, after how long they do; `now` in milliseconds. */
  hedges(cluster: string, now: number): readonly HedgeDelay[] {
    return this.#routes.hedges(cluster, now);
  }

  drain(): Promise<void> {
    return this.#listeners.drain();
  }

  /** Cuts every connection at once. */
  destroy(): void {
    this.protection.stop();
    this.#listeners.destroy();
    this.clusters.destroy();
  }

  #path({ name, limits: { bodyIdle } }: ListenerPlan, log: AccessLog): Path {
    const router = this.#routers.get(name);
    if (router === undefined) throw new Error(`listener ${name}: no routes`);
    const { clock, random, meter, wheel } = this.#world;
    const bug = (error: unknown): void => this.#world.bug(error);
    const recorder = new Recorder(name, { clock, meter, log, bug });
    const { protection } = this;
    return { clock, random, lag: wheel.lag, router, recorder, protection, bodyIdle, bug };
  }
}
