// Puts together what `GET /state` shows, from those who know.
import type { Address } from "../core/address.ts";
import { REFUSED, WOULD_REFUSE } from "../core/families.ts";
import { Counter, type Family, type Meter } from "../core/meter.ts";
import { VERSION } from "../core/version.ts";
import type { Checker } from "./checker.ts";
import { probeState } from "./checks.ts";
import type { Discovery } from "./discovery.ts";
import type { ClusterState, EndpointState, HedgeState, RefusalState, State } from "./state.ts";

/** A listener, its settings and where it is bound. */
interface BoundListener {
  readonly listener: { readonly connections: number };
  readonly settings: { readonly name: string };
  readonly address: Address;
}

/** A cluster at work, as far as there is something to tell of it. */
interface Working {
  readonly name: string;
  readonly inFlight: number;
  readonly gate: {
    readonly state: ClusterState["concurrency"];
    readonly heed: { readonly threshold: string | undefined } | undefined;
  };
  readonly standing: string;
  readonly budget: { remaining(now: number): number };
  readonly backupConcurrency: number;
  readonly endpoints: readonly WorkingEndpoint[];
}

interface WorkingEndpoint {
  readonly address: Address;
  state(now: number): Omit<EndpointState, "probe">;
}

/** Whoever knows something of the state. */
export interface Informants {
  readonly started: string;
  readonly draining: boolean;
  readonly config: State["config"];
  readonly traffic: {
    readonly protection: { readonly state: State["protection"] };
    readonly listeners: readonly BoundListener[];
    readonly clusters: Iterable<Working>;
    hedges(cluster: string, now: number): readonly HedgeState[];
  };
  readonly checker: Checker;
  readonly discovery: Discovery;
  readonly meter: Meter;
}

/** The state at `now`, in `Clock.now()` milliseconds. */
export function overview(informants: Informants, now: number): State {
  const { started, draining, config, traffic, checker, discovery, meter } = informants;
  return {
    version: VERSION,
    started,
    draining,
    config,
    protection: traffic.protection.state,
    listeners: traffic.listeners.map(({ listener: { connections }, settings, address }) => {
      return { name: settings.name, connections, address: address.text };
    }),
    clusters: Array.from(traffic.clusters, (cluster) => {
      const { name, inFlight, gate, standing, budget, backupConcurrency } = cluster;
      const endpoints = cluster.endpoints.map((endpoint) => ({
        ...endpoint.state(now),
        probe: probeState(checker, name, endpoint.address),
      }));
      return {
        name,
        inFlight,
        concurrency: gate.state,
        heeds: gate.heed?.threshold,
        refusals: countsOf(meter, REFUSED, name),
        wouldRefuse: countsOf(meter, WOULD_REFUSE, name),
        tier: standing,
        retryBudget: { remaining: budget.remaining(now) },
        backups: backupsOf(endpoints, backupConcurrency),
        hedges: traffic.hedges(name, now),
        endpoints,
        names: discovery.states(name),
      };
    }),
  };
}

function backupsOf(endpoints: readonly EndpointState[], limit: number): ClusterState["backups"] {
  const backups = endpoints.filter(({ tier }) => tier === "backup");
  const inFlight = backups.reduce((sum, { load }) => sum + load, 0);
  return backups.length === 0 ? undefined : { inFlight, limit };
}

/** What a family has counted for a cluster, by reason. */
function countsOf(meter: Meter, family: Family, cluster: string): readonly RefusalState[] {
  const counts = new Map<string, number>();
  for (const { labels, instrument } of meter.families.get(family.name)?.series.values() ?? []) {
    if (labels.cluster !== cluster || !(instrument instanceof Counter)) continue;
    const reason = labels.reason ?? "";
    counts.set(reason, (counts.get(reason) ?? 0) + instrument.value);
  }
  return Array.from(counts, ([reason, count]) => ({ reason, count }));
}
