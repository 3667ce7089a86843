// Metrics in our own memory: plain numbers on the hot path, read at scrape time.

export type Labels = Readonly<Record<string, string>>;

/** What every series of one metric has in common. */
export interface Family {
  /** The name without the `tidegate_` prefix; counters end in `_total`. */
  readonly name: string;
  readonly help: string;
  readonly kind: "counter" | "gauge" | "histogram";
  readonly labels: readonly string[];
  /** Upper bounds of the buckets, ascending, for histograms only. */
  readonly bounds?: readonly number[];
}

/** A number that only grows, or is asked for at scrape time. */
export class Counter {
  value = 0;
  /** When set, asked at each scrape instead of `value`. */
  read: (() => number) | undefined;
  add(amount = 1): void {
    this.value += amount;
  }
}

/** A number that goes up and down, or is asked for at scrape time. */
export class Gauge {
  value = 0;
  /** When set, asked at each scrape instead of `value`. */
  read: (() => number) | undefined;
  add(amount: number): void {
    this.value += amount;
  }
}

/** Counts per bucket, not cumulative; the last one is everything above the bounds. */
export class Histogram {
  readonly bounds: Float64Array;
  readonly counts: Float64Array;
  sum = 0;

  constructor(bounds: readonly number[]) {
    this.bounds = Float64Array.from(bounds);
    this.counts = new Float64Array(bounds.length + 1);
  }

  observe(value: number): void {
    const { bounds, counts } = this;
    let bucket = 0;
    while (bucket < bounds.length && value > (bounds[bucket] as number)) bucket++;
    counts[bucket] = (counts[bucket] as number) + 1;
    this.sum += value;
  }
}

export type Instrument = Counter | Gauge | Histogram;
export interface Series {
  readonly labels: Labels;
  readonly instrument: Instrument;
}

/** At most this many series in all families together. */
export const SERIES_CAP = 5000;
/** What every label of the shared series says. */
const OVERFLOW = "overflow";

/**
 * Every metric of one sidecar. Series are made when the config is loaded, or on the first use of a
 * value from a closed set; beyond the cap a series is not made: its updates go to one
 * instrument of the family that carries the label value "overflow", and `seriesDropped` counts it.
 */
export class Meter {
  readonly families = new Map<string, { family: Family; series: Map<string, Series> }>();
  readonly seriesDropped = new Counter();
  #count = 0;
  readonly #cap: number;

  constructor(cap = SERIES_CAP) {
    this.#cap = cap;
  }

  counter(family: Family, labels: Labels = {}): Counter {
    return this.#series(family, labels, () => new Counter()) as Counter;
  }

  gauge(family: Family, labels: Labels = {}): Gauge {
    return this.#series(family, labels, () => new Gauge()) as Gauge;
  }

  histogram(family: Family, labels: Labels = {}): Histogram {
    return this.#series(family, labels, () => new Histogram(family.bounds ?? [])) as Histogram;
  }

  /**
   * Drops every series, or those of one family, whose labels include all of `labels`. Whoever holds its
   * instrument counts on for nobody. One named overflow stays, because others share it.
   */
  drop(labels: Labels, only?: Family): void {
    const wanted = Object.entries(labels);
    for (const { family, series } of this.families.values()) {
      if (only !== undefined && only.name !== family.name) continue;
      const shared = key(family, overflowOf(family));
      for (const [name, { labels: all }] of series) {
        const meant = wanted.every(([label, value]) => all[label] === value);
        if (!meant || name === shared) continue;
        series.delete(name);
        this.#count--;
      }
    }
  }

  #series(family: Family, labels: Labels, make: () => Instrument): Instrument {
    const entry = this.families.get(family.name) ?? { family, series: new Map<string, Series>() };
    this.families.set(family.name, entry);
    const found = entry.series.get(key(family, labels));
    if (found !== undefined) return found.instrument;
    if (this.#count < this.#cap) {
      this.#count++;
      return store(entry, labels, make());
    }
    this.seriesDropped.add();
    const overflow = overflowOf(family);
    const shared = entry.series.get(key(family, overflow));
    return shared === undefined ? store(entry, overflow, make()) : shared.instrument;
  }
}

/** The counters of one family that differ in one label; each is looked up once, on its first use. */
export class Counters<Value extends string> {
  readonly #counters = new Map<Value, Counter>();
  readonly #make: (value: Value) => Counter;

  /** `make` looks one up. */
  constructor(make: (value: Value) => Counter) {
    this.#make = make;
  }

  add(value: Value): void {
    let counter = this.#counters.get(value);
    if (counter === undefined) {
      counter = this.#make(value);
      this.#counters.set(value, counter);
    }
    counter.add();
  }
}

function store(
  entry: { family: Family; series: Map<string, Series> },
  labels: Labels,
  instrument: Instrument,
): Instrument {
  entry.series.set(key(entry.family, labels), { labels, instrument });
  return instrument;
}

function overflowOf({ labels }: Family): Labels {
  return Object.fromEntries(labels.map((name) => [name, OVERFLOW]));
}

function key(family: Family, labels: Labels): string {
  return family.labels.map((name) => labels[name] ?? "").join("\u0000");
}
