// Every route of a sidecar: compiled anew for each config, while what is counted of a route goes on by
// its name.
import type { Meter } from "../core/meter.ts";
import { Budget } from "../policy/budget.ts";
import type { RetrySettings } from "../policy/retry.ts";
import { RouteLoad } from "../policy/routeload.ts";
import { RecentTimes } from "../policy/times.ts";
import type { Clusters } from "./clusters.ts";
import { Entrance, type EntranceSettings } from "./entrance.ts";
import { Hedges } from "./hedges.ts";
import { Retries, type RetryWorld } from "./retries.ts";
import { RouteMeter } from "./routemeter.ts";
import { type Match, Router } from "./router.ts";
import type { Route } from "./serve.ts";

/** What the config says of a route. */
export interface RouteSettings extends EntranceSettings {
  readonly name: string;
  readonly match: Match;
  readonly cluster: string;
  readonly timeout: number;
  readonly upgrades: readonly string[];
  readonly retry: RetrySettings;
}

/** What routes share with the rest of the sidecar. */
interface RoutesWorld extends RetryWorld {
  readonly meter: Meter;
}

/** What outlives the config. */
interface Kept {
  readonly meter: RouteMeter;
  readonly budget: Budget;
  /** Of its answers, where it hedges. */
  readonly times: RecentTimes | undefined;
  /** What it has in flight. */
  readonly load: RouteLoad;
}

/** After how long a route sends a second try, in milliseconds; undefined while that is not known. */
export interface HedgeDelay {
  readonly route: string;
  readonly delayMs: number | undefined;
}

export class Routes {
  readonly #clusters: Pick<Clusters, "get">;
  readonly #world: RoutesWorld;
  #kept: ReadonlyMap<string, Kept> = new Map();
  #routes: readonly Route[] = [];

  constructor(clusters: Pick<Clusters, "get">, world: RoutesWorld) {
    this.#clusters = clusters;
    this.#world = world;
  }

  /** A router for each listener, by its name. The clusters must be those of the same config already. */
  compile(
    listeners: readonly { readonly name: string; readonly routes: readonly RouteSettings[] }[],
  ): ReadonlyMap<string, Router<Route>> {
    const before = this.#kept;
    const kept = new Map<string, Kept>();
    const all = listeners.map(({ name, routes }) => {
      return { name, routes: routes.map((each) => this.#route(each, before, kept)) };
    });
    this.#routes = all.flatMap(({ routes }) => routes);
    for (const [name, { meter }] of before) if (!kept.has(name)) meter.retire();
    this.#kept = kept;
    return new Map(all.map(({ name, routes }) => [name, new Router(routes)]));
  }

  /** Of the routes to this cluster that hedge, after how long they do. */
  hedges(cluster: string, now: number): readonly HedgeDelay[] {
    return this.#routes.flatMap((route) => {
      if (route.hedges === undefined || route.cluster.name !== cluster) return [];
      const delay = route.hedges.delay(now);
      return { route: route.name, delayMs: Number.isFinite(delay) ? delay : undefined };
    });
  }

  #route(
    settings: RouteSettings,
    before: ReadonlyMap<string, Kept>,
    kept: Map<string, Kept>,
  ): Route {
    const { name, match, timeout, upgrades, retry } = settings;
    const cluster = this.#clusters.get(settings.cluster);
    if (cluster === undefined) throw new Error(`route ${name}: no such cluster`);
    const size = cluster.budget.settings;
    const known = before.get(name);
    const { meter, budget, load } = known ?? {
      load: new RouteLoad(),
      meter: new RouteMeter(this.#world.meter, name),
      budget: new Budget(size),
    };
    budget.settings = size;
    const { hedge } = retry;
    const times = hedge && (known?.times ?? new RecentTimes());
    kept.set(name, { meter, budget, times, load });
    const retries = new Retries(retry, cluster, budget, this.#world);
    const hedges = hedge && times && new Hedges(hedge, retries, cluster, times);
    const entrance = new Entrance(settings, load);
    return { name, match, cluster, timeout, upgrades, retries, hedges, entrance, meter };
  }
}
