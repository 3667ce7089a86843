// The series of one cluster that are counted with its requests.
import type { HedgeResult } from "../core/access.ts";
import {
  FALLBACKS,
  HEDGES,
  HEDGES_DENIED,
  RETRIES,
  RETRIES_DENIED,
  TIER_TRANSITIONS,
} from "../core/families.ts";
import { Counters, type Meter } from "../core/meter.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Reason } from "../core/refusal.ts";
import type { Denial } from "../policy/retry.ts";
import type { TierChange } from "../policy/tier.ts";
import type { Unusable } from "./endpoint.ts";

/** Why a try went to a backup. */
export type Spill = Unusable | "tried" | "returning";

export class ClusterMeter {
  /** Tries that are made again, by how the one before ended. */
  readonly retries: Counters<Outcome>;
  /** Tries that are not made again, by why not. */
  readonly denied: Counters<Denial>;
  /** Second tries beside a first one, by what came of them. */
  readonly hedges: Counters<HedgeResult>;
  /** Late tries without a second one, by why. */
  readonly hedgesDenied: Counters<"budget" | "no_endpoint">;
  /** Tries at a backup. */
  readonly spills: Counters<Spill>;
  /** Answers of the static fallback, by the refusal in whose place they stand. */
  readonly fallbacks: Counters<Reason>;
  readonly #meter: Meter;
  readonly #cluster: string;

  constructor(meter: Meter, cluster: string) {
    this.#meter = meter;
    this.#cluster = cluster;
    this.retries = new Counters((outcome) => meter.counter(RETRIES, { cluster, outcome }));
    this.denied = new Counters((reason) => meter.counter(RETRIES_DENIED, { cluster, reason }));
    this.hedges = new Counters((result) => meter.counter(HEDGES, { cluster, result }));
    this.hedgesDenied = new Counters((reason) => meter.counter(HEDGES_DENIED, { cluster, reason }));
    this.spills = new Counters((reason) =>
      meter.counter(FALLBACKS, { cluster, tier: "backup", reason }),
    );
    this.fallbacks = new Counters((reason) =>
      meter.counter(FALLBACKS, { cluster, tier: "fallback", reason }),
    );
  }

  /** Another tier is asked from now on. */
  changed({ to, reason }: TierChange): void {
    this.#meter.counter(TIER_TRANSITIONS, { cluster: this.#cluster, to, reason }).add();
  }

  /** The cluster is gone, and its series with it. */
  drop(): void {
    this.#meter.drop({ cluster: this.#cluster });
  }
}
