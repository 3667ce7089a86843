// What the config says of traffic, as the path of a request takes it.
import { breakersOf } from "./breakers.ts";
import type { Config } from "./config/schema.ts";
import { connectionCap, descriptorLimit } from "./descriptors.ts";
import { trustList } from "./trust.ts";

/** Clusters with their breakers, and listeners with what the descriptors of this process allow each. */
export function planOf(config: Config) {
  const { listeners, clusters, drain } = config;
  const all = connectionCap(Number.POSITIVE_INFINITY, descriptorLimit());
  const share = Math.max(1, Math.floor(all / listeners.length));
  return {
    clusters: clusters.map((each) => ({ ...each, ...breakersOf(config, each) })),
    listeners: listeners.map(({ limits, forwarded, ...rest }) => ({
      ...rest,
      limits: { ...limits, connections: Math.min(limits.connections, share) },
      trusts: trustList(forwarded.trust),
    })),
    patienceMs: drain.timeout,
  };
}
