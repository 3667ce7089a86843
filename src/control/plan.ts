// What the config says of traffic, as the path of a request takes it.
import { breakersOf } from "./breakers.ts";
import type { Config } from "./config/schema.ts";
import { connectionCap, descriptorLimit } from "./descriptors.ts";
import type { Located } from "./discovery.ts";
import { trustList } from "./trust.ts";

/** Clusters, whose names have become addresses, with their breakers. */
export function clustersOf(config: Config, located: readonly Located[]) {
  return located.map((each) => ({ ...each, ...breakersOf(config, each) }));
}

/** All of it: listeners with what the descriptors of this process allow each. */
export function planOf(config: Config, located: readonly Located[]) {
  const { listeners, drain } = config;
  const all = connectionCap(Number.POSITIVE_INFINITY, descriptorLimit());
  const share = Math.max(1, Math.floor(all / listeners.length));
  return {
    clusters: clustersOf(config, located),
    listeners: listeners.map(({ limits, forwarded, ...rest }) => ({
      ...rest,
      limits: { ...limits, connections: Math.min(limits.connections, share) },
      trusts: trustList(forwarded.trust),
    })),
    patienceMs: drain.timeout,
  };
}
