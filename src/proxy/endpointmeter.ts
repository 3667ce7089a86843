// The series of one endpoint.
import type { BreakerChange } from "../core/breaker.ts";
import {
  ATTEMPT_DURATION,
  ATTEMPTS,
  BREAKER_OPEN,
  BREAKER_STATE,
  BREAKER_TRANSITIONS,
  ENDPOINT_HEALTHY,
  UPSTREAM_CONNECTIONS,
  UPSTREAM_TRUNCATED,
} from "../core/families.ts";
import { type Counter, Counters, type Histogram, type Meter } from "../core/meter.ts";
import type { Outcome } from "../core/outcome.ts";
import type { Breaker } from "../policy/breaker.ts";
import type { Tier } from "../policy/tier.ts";

const STATES = { closed: 0, open: 1, half_open: 2 } as const;
const BREAKER_SERIES = [BREAKER_STATE, BREAKER_OPEN, BREAKER_TRANSITIONS];

/** What is read at scrape time. */
export interface Readings {
  readonly connections: () => number;
  readonly healthy: () => boolean;
}

export class EndpointMeter {
  readonly truncated: Counter;
  readonly #meter: Meter;
  readonly #labels: { readonly cluster: string; readonly endpoint: string };
  readonly #readings: Readings;
  readonly #attempts: Counters<Outcome>;
  #duration: Histogram;

  constructor(meter: Meter, cluster: string, endpoint: string, tier: Tier, readings: Readings) {
    this.#meter = meter;
    this.#labels = { cluster, endpoint };
    this.#readings = readings;
    this.#attempts = new Counters((outcome) =>
      meter.counter(ATTEMPTS, { cluster, endpoint, outcome }),
    );
    this.truncated = meter.counter(UPSTREAM_TRUNCATED, this.#labels);
    meter.gauge(UPSTREAM_CONNECTIONS, this.#labels).read = readings.connections;
    this.#duration = this.#inTier(tier);
  }

  /** An attempt whose outcome is known. */
  count(outcome: Outcome, durationMs: number): void {
    this.#duration.observe(durationMs / 1000);
    this.#attempts.add(outcome);
  }

  /** It is in another tier from now on. */
  move(tier: Tier): void {
    this.#meter.drop(this.#labels, ENDPOINT_HEALTHY);
    this.#duration = this.#inTier(tier);
  }

  showBreaker(breaker: Breaker, now: () => number): void {
    this.#meter.gauge(BREAKER_STATE, this.#labels).read = () => {
      breaker.ask(now());
      return STATES[breaker.state];
    };
    this.#meter.counter(BREAKER_OPEN, this.#labels).read = () => breaker.openMs(now()) / 1000;
  }

  /** The breaker has changed its state. */
  changed({ to, reason }: BreakerChange): void {
    this.#meter.counter(BREAKER_TRANSITIONS, { ...this.#labels, to, reason }).add();
  }

  dropBreaker(): void {
    for (const family of BREAKER_SERIES) this.#meter.drop(this.#labels, family);
  }

  /** The endpoint is gone, and its series with it. */
  drop(): void {
    this.#meter.drop(this.#labels);
  }

  #inTier(tier: Tier): Histogram {
    const healthy = this.#meter.gauge(ENDPOINT_HEALTHY, { ...this.#labels, tier });
    healthy.read = () => (this.#readings.healthy() ? 1 : 0);
    return this.#meter.histogram(ATTEMPT_DURATION, { cluster: this.#labels.cluster, tier });
  }
}
