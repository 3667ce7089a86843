// Endpoints that come back: in its first second, with a ramp of ten seconds, one gets a tenth of its share
// at most, as long as there are others that are not coming back themselves.
import type { Cluster } from "../../src/proxy/cluster.ts";
import type { Endpoint } from "../../src/proxy/endpoint.ts";
import type { Audit } from "./audit.ts";

const FIRST_MS = 1000;

interface Return {
  readonly at: number;
  /** How long it takes to give its share back; until then it is no measure for others. */
  readonly rampMs: number;
  /** What it got, and what would have been its share. */
  picks: number;
  fair: number;
}

export class Returns {
  readonly #cluster: Cluster;
  readonly #audit: Audit;
  readonly #back = new Map<Endpoint, Return>();

  constructor(cluster: Cluster, audit: Audit) {
    this.#cluster = cluster;
    this.#audit = audit;
  }

  begins(endpoint: Endpoint, now: number, rampMs: number): void {
    // Its breaker's ramp and that of its health are two, and both hold: the one that ends last is the measure.
    const before = this.#back.get(endpoint);
    if (before !== undefined && before.at + before.rampMs >= now + rampMs) return;
    this.#close(endpoint);
    this.#back.set(endpoint, { at: now, rampMs, picks: 0, fair: 0 });
  }

  /** `picked` was picked; `able` are those that may be asked and have not been tried. */
  picked(picked: Endpoint, able: readonly Endpoint[], now: number): void {
    for (const [endpoint, back] of this.#back) {
      if (now - back.at >= back.rampMs) this.#close(endpoint);
      else if (now - back.at < FIRST_MS) this.#count(endpoint, back, picked, able);
    }
  }

  atRest(): void {
    for (const endpoint of [...this.#back.keys()]) this.#close(endpoint);
  }

  #count(endpoint: Endpoint, back: Return, picked: Endpoint, able: readonly Endpoint[]): void {
    const tier = able.filter((each) => each.tier === endpoint.tier);
    const steady = tier.some((each) => !this.#back.has(each));
    if (!steady || !tier.includes(endpoint) || picked.tier !== endpoint.tier) return;
    back.fair += 1 / tier.length;
    if (picked === endpoint) back.picks++;
  }

  #close(endpoint: Endpoint): void {
    const back = this.#back.get(endpoint);
    if (back === undefined) return;
    this.#back.delete(endpoint);
    const most = back.fair * Math.min(1, FIRST_MS / back.rampMs);
    // Chance may bring more than the mean: four standard deviations, and a few where there is little.
    this.#audit.holds(
      back.picks <= most + 4 * Math.sqrt(most) + 3,
      "in its first second an endpoint that is back gets little of its share",
      () => `${this.#cluster.name} ${endpoint.address.text}: ${back.picks} of ${back.fair}`,
    );
  }
}
