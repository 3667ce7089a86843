// What the config says of traffic, as the path of a request takes it.
import type { Logger } from "pino";
import { type Prepared, prepareAll } from "../core/prepared.ts";
import { breakersOf } from "./breakers.ts";
import { Certificates, type CertificatesWorld } from "./certificates.ts";
import type { CheckTarget } from "./checked.ts";
import { checkTargets } from "./checks.ts";
import type { Config } from "./config/schema.ts";
import { connectionCap, descriptorLimit } from "./descriptors.ts";
import { Discovery, type DiscoveryWorld } from "./discovery.ts";
import { trustList } from "./trust.ts";

/** What a config stands for now: addresses for its names, certificates for its files. */
export class Plan {
  readonly discovery: Discovery;
  readonly certificates: Certificates;
  readonly #log: Pick<Logger, "warn">;

  constructor(world: DiscoveryWorld & CertificatesWorld) {
    this.discovery = new Discovery(world);
    this.certificates = new Certificates(world);
    this.#log = world.log;
  }

  /** Finds out what is not known yet; rejects when certificates cannot be used. */
  prepare(config: Config): Promise<Prepared> {
    return prepareAll([
      () => this.certificates.prepare(config),
      () => this.discovery.prepare(config),
    ]);
  }

  stop(): void {
    this.certificates.close();
    this.discovery.stop();
  }

  /** Clusters, whose names have become addresses, with their breakers and certificates. */
  clusters(config: Config) {
    return this.discovery.locate(config).map((each) => {
      return { ...each, ...breakersOf(config, each), tls: this.certificates.client(each.tls) };
    });
  }

  /** Who is probed, and how. */
  targets(config: Config): CheckTarget[] {
    return checkTargets(this.clusters(config));
  }

  /**
   * All of it: listeners with what the descriptors of this process allow each. Where that is less than what is
   * configured, the log has it.
   */
  traffic(config: Config) {
    const { listeners, drain, selfProtection: protection } = config;
    const share = this.#connections(config);
    return {
      clusters: this.clusters(config),
      listeners: listeners.map(({ limits, forwarded, tls, ...rest }) => ({
        ...rest,
        tls: this.certificates.server(tls),
        limits: { ...limits, connections: Math.min(limits.connections, share) },
        trusts: trustList(forwarded.trust),
      })),
      patienceMs: drain.timeout,
      protection,
    };
  }

  /** How many each listener may have. */
  #connections({ listeners }: Config): number {
    const descriptors = descriptorLimit();
    const all = connectionCap(Number.POSITIVE_INFINITY, descriptors);
    const share = Math.max(1, Math.floor(all / listeners.length));
    for (const { name, limits } of listeners) {
      if (limits.connections <= share) continue;
      const found = { listener: name, configured: limits.connections, inForce: share, descriptors };
      this.#log.warn(
        found,
        "limits.connections is lowered: raise the limit on open files, or lower the option",
      );
    }
    return share;
  }
}
