// What the config says of traffic, as the path of a request takes it.
import type { Logger } from "pino";
import { breakersOf } from "./breakers.ts";
import type { Config } from "./config/schema.ts";
import { connectionCap, descriptorLimit } from "./descriptors.ts";
import type { Located } from "./discovery.ts";
import { trustList } from "./trust.ts";

/** Clusters, whose names have become addresses, with their breakers. */
export function clustersOf(config: Config, located: readonly Located[]) {
  return located.map((each) => ({ ...each, ...breakersOf(config, each) }));
}

/**
 * All of it: listeners with what the descriptors of this process allow each. Where that is less than what is
 * configured, the log has it.
 */
export function planOf(config: Config, located: readonly Located[], log: Pick<Logger, "warn">) {
  const { listeners, drain, selfProtection: protection } = config;
  const descriptors = descriptorLimit();
  const all = connectionCap(Number.POSITIVE_INFINITY, descriptors);
  const share = Math.max(1, Math.floor(all / listeners.length));
  for (const { name, limits } of listeners) {
    if (limits.connections <= share) continue;
    const found = { listener: name, configured: limits.connections, inForce: share, descriptors };
    log.warn(
      found,
      "limits.connections is lowered: raise the limit on open files, or lower the option",
    );
  }
  return {
    clusters: clustersOf(config, located),
    listeners: listeners.map(({ limits, forwarded, ...rest }) => ({
      ...rest,
      limits: { ...limits, connections: Math.min(limits.connections, share) },
      trusts: trustList(forwarded.trust),
    })),
    patienceMs: drain.timeout,
    protection,
  };
}
