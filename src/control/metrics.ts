// The one adapter to prom-client: shows a Meter as Prometheus text.
//
// Nothing is copied while requests flow: each metric of ours asks the Meter's own instruments for
// their numbers when it is scraped. The names of prom-client's process metrics stay as they are.
import { setImmediate } from "node:timers/promises";
import type { Registry as ClientRegistry } from "prom-client";
import type { Family, Instrument, Labels, Meter, Series } from "../core/meter.ts";
import * as core from "../core/meter.ts";
import {
  BUILD_INFO,
  CONFIG_RELOAD_SUCCESSFUL,
  CONFIG_RELOAD_TIME,
  EVENT_LOOP_LAG,
  SERIES_DROPPED,
} from "../core/ownfamilies.ts";
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from "./prometheus.ts";

export interface MetricsOptions {
  readonly meter: Meter;
  /** Tidegate's own version, for `build_info`. */
  readonly version: string;
  /** How long the event loop was held up, in seconds; asked at each scrape. */
  readonly lag: () => number;
}

export interface Metrics {
  readonly contentType: string;
  /** The text of one scrape; scrapes that come while one is being made share it. */
  scrape(): Promise<string>;
  /** A config was read at `wallMs`, milliseconds since 1970; `ok` when it is now in use. */
  reloaded(ok: boolean, wallMs: number): void;
}

const PREFIX = "tidegate_";

/** One metric of the meter, its series in the order in which they were made. */
type Entry = { readonly family: Family; readonly series: ReadonlyMap<string, Series> };

export function createMetrics({ meter, version, lag }: MetricsOptions): Metrics {
  const registry = new Registry();
  const known = new Set<string>();
  meter.gauge(BUILD_INFO, { version, node: process.version }).value = 1;
  meter.gauge(EVENT_LOOP_LAG).read = lag;
  const dropped = meter.counter(SERIES_DROPPED);
  const successful = meter.gauge(CONFIG_RELOAD_SUCCESSFUL);
  const reloadTime = meter.gauge(CONFIG_RELOAD_TIME);

  const collect = async (): Promise<string> => {
    dropped.value = meter.seriesDropped.value;
    for (const [name, entry] of meter.families) {
      if (!known.has(name)) expose(entry, registry);
      known.add(name);
    }
    return `${await print(registry)}${await print(processRegistry())}`;
  };
  let current: Promise<string> | undefined;
  const scrape = (): Promise<string> => {
    current ??= collect().finally(() => {
      current = undefined;
    });
    return current;
  };
  return {
    contentType: registry.contentType,
    scrape,
    reloaded: (ok, wallMs) => {
      successful.value = ok ? 1 : 0;
      if (ok) reloadTime.value = wallMs / 1000;
    },
  };
}

/** Metric by metric with a turn of the event loop between, so that requests need not wait. */
async function print(registry: ClientRegistry): Promise<string> {
  let text = "";
  for (const { name } of registry.getMetricsAsArray()) {
    text += `${await registry.getSingleMetricAsString(name)}\n\n`;
    await setImmediate();
  }
  return text;
}

/** Registers a prom-client metric that reads from `entry` when it is asked. */
function expose(entry: Entry, registry: ClientRegistry): void {
  const { kind } = entry.family;
  if (kind === "counter") new ExposedCounter(entry, registry);
  else if (kind === "gauge") new ExposedGauge(entry, registry);
  else new ExposedHistogram(entry, registry);
}

class ExposedCounter extends Counter {
  readonly #entry: Entry;

  constructor(entry: Entry, registry: ClientRegistry) {
    super(settings(entry.family, registry));
    this.#entry = entry;
  }

  override async get() {
    return { ...(await super.get()), values: plainValues(this.#entry) };
  }
}

class ExposedGauge extends Gauge {
  readonly #entry: Entry;

  constructor(entry: Entry, registry: ClientRegistry) {
    super(settings(entry.family, registry));
    this.#entry = entry;
  }

  override async get() {
    return { ...(await super.get()), values: plainValues(this.#entry) };
  }
}

class ExposedHistogram extends Histogram {
  readonly #entry: Entry;

  constructor(entry: Entry, registry: ClientRegistry) {
    super(settings(entry.family, registry));
    this.#entry = entry;
  }

  /**
   * What the registry and `get()` both ask histograms for. It stands in prom-client's code and not
   * in its types; a test scrapes a histogram, so that a change there does not go unseen.
   */
  async getForPromString() {
    const { name, help, kind } = this.#entry.family;
    return { name: PREFIX + name, help, type: kind, values: bucketValues(this.#entry) };
  }
}

function settings({ name, help }: Family, registry: ClientRegistry) {
  return { name: PREFIX + name, help, registers: [registry] };
}

function plainValues({ family, series }: Entry) {
  return [...series.values()].map(({ labels, instrument }) => ({
    labels: inOrder(family, labels),
    value: numberOf(instrument),
  }));
}

function bucketValues({ family, series }: Entry) {
  return [...series.values()].flatMap(({ labels, instrument }) =>
    instrument instanceof core.Histogram
      ? histogramValues(PREFIX + family.name, inOrder(family, labels), instrument)
      : [],
  );
}

/** Prometheus wants each bucket to count everything below its bound, so ours are added up. */
function histogramValues(
  name: string,
  sharedLabels: Labels,
  { bounds, counts, sum }: core.Histogram,
) {
  let total = 0;
  const buckets = Array.from(counts, (count, index) => {
    total += count;
    const labels = { le: bounds[index] ?? "+Inf" };
    return { metricName: `${name}_bucket`, labels, sharedLabels, value: total };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: {}, sharedLabels, value: sum },
    { metricName: `${name}_count`, labels: {}, sharedLabels, value: total },
  ];
}

/** Exactly the labels of the family, so that no two series can print alike. */
function inOrder(family: Family, labels: Labels): Labels {
  return Object.fromEntries(family.labels.map((name) => [name, labels[name] ?? ""]));
}

function numberOf(instrument: Instrument): number {
  if (instrument instanceof core.Histogram) return Number.NaN;
  return instrument.read?.() ?? instrument.value;
}

let shared: ClientRegistry | undefined;

/**
 * prom-client's process metrics: one registry for the whole process, since its observers cannot
 * be stopped. Its gauges that are named like counters are left out, `promtool` refuses them; what they
 * count is the sum of `nodejs_active_handles`, `_requests` and `_resources`.
 */
function processRegistry(): ClientRegistry {
  if (shared === undefined) {
    shared = new Registry();
    collectDefaultMetrics(shared);
    for (const what of ["handles", "requests", "resources"]) {
      shared.removeSingleMetric(`nodejs_active_${what}_total`);
    }
  }
  return shared;
}
