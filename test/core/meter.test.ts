import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { type Family, Gauge, Histogram, Meter } from "../../src/core/meter.ts";

const REQUESTS: Family = {
  name: "requests_total",
  help: "Requests.",
  kind: "counter",
  labels: ["route", "code"],
};
const OPEN: Family = { name: "open", help: "Open.", kind: "gauge", labels: ["listener"] };

t.test("the same labels give the same instrument, in whatever order they are named", async (t) => {
  const meter = new Meter();
  const one = meter.counter(REQUESTS, { route: "a", code: "200" });
  one.add();
  meter.counter(REQUESTS, { code: "200", route: "a" }).add(2);
  t.equal(one.value, 3);
  t.not(meter.counter(REQUESTS, { route: "a", code: "500" }), one);
  t.equal(meter.families.get("requests_total")?.series.size, 2);
});

t.test("label values that would run together stay apart", async (t) => {
  const meter = new Meter();
  const one = meter.counter(REQUESTS, { route: "a", code: "b,c" });
  const two = meter.counter(REQUESTS, { route: "a,b", code: "c" });
  t.not(one, two);
});

t.test("families share the cap, and beyond it each has one series called overflow", async (t) => {
  const meter = new Meter(2);
  const kept = meter.counter(REQUESTS, { route: "a", code: "200" });
  meter.gauge(OPEN, { listener: "a" }).add(1);
  for (let code = 0; code < 1000; code++) {
    meter.counter(REQUESTS, { route: "b", code: `${code}` }).add();
  }
  meter.gauge(OPEN, { listener: "b" }).add(5);
  const series = [...(meter.families.get("requests_total")?.series.values() ?? [])];
  t.strictSame(
    series.map(({ labels }) => labels),
    [
      { route: "a", code: "200" },
      { route: "overflow", code: "overflow" },
    ],
  );
  t.equal(meter.counter(REQUESTS, { route: "overflow", code: "overflow" }).value, 1000);
  t.equal(meter.families.get("open")?.series.size, 2);
  t.equal(meter.seriesDropped.value, 1001);
  t.equal(meter.counter(REQUESTS, { route: "a", code: "200" }), kept, "what is known stays");
});

t.test("made-up labels leave the number of series as it was", async (t) => {
  const meter = new Meter(100);
  for (let index = 0; index < 100_000; index++) {
    meter.counter(REQUESTS, { route: "all", code: `made up ${index}` }).add();
  }
  const series = meter.families.get("requests_total")?.series;
  const total = [...(series?.values() ?? [])].reduce(
    (sum, { instrument }) => sum + ("value" in instrument ? instrument.value : 0),
    0,
  );
  t.equal(series?.size, 101);
  t.equal(total, 100_000, "and no count is lost");
});

t.test(
  "each observation is in exactly one bucket: the first whose bound it does not exceed",
  async (t) => {
    const number = fc.integer({ min: -40, max: 40 }).map((n) => n / 8);
    const bounds = fc.uniqueArray(number, { maxLength: 20 });
    const values = fc.array(fc.oneof(number, fc.double({ noNaN: true, min: -1e6, max: 1e6 })));
    const property = fc.property(bounds, values, (unsorted, observed) => {
      const sorted = unsorted.toSorted((a, b) => a - b);
      const histogram = new Histogram(sorted);
      for (const value of observed) histogram.observe(value);
      const expected = new Array<number>(sorted.length + 1).fill(0);
      for (const value of observed) {
        const index = sorted.findIndex((bound) => value <= bound);
        const bucket = index === -1 ? sorted.length : index;
        expected[bucket] = (expected[bucket] ?? 0) + 1;
      }
      const sum = observed.reduce((total, value) => total + value, 0);
      assert.deepEqual([...histogram.counts], expected);
      assert.equal(histogram.sum, sum);
    });
    t.doesNotThrow(() => fc.assert(property));
  },
);

t.test("a gauge goes up and down", async (t) => {
  const gauge = new Gauge();
  gauge.add(3);
  gauge.add(-2);
  t.equal(gauge.value, 1);
});

t.test("dropped series are gone, and make room for others", async (t) => {
  const meter = new Meter(3);
  const old = meter.counter(REQUESTS, { route: "a", code: "200" });
  meter.counter(REQUESTS, { route: "a", code: "500" });
  meter.gauge(OPEN, { listener: "a" });
  meter.counter(REQUESTS, { route: "b", code: "200" }).add(7);
  meter.drop({ route: "a" });
  meter.counter(REQUESTS, { route: "c", code: "200" });
  const series = [...(meter.families.get("requests_total")?.series.values() ?? [])];
  t.strictSame(
    series.map(({ labels }) => labels.route),
    ["overflow", "c"],
    "and what is shared stays",
  );
  t.equal(meter.families.get("open")?.series.size, 1);
  t.not(meter.counter(REQUESTS, { route: "a", code: "200" }), old);
});

t.test("series of one family can be dropped alone; what is shared never is", async (t) => {
  const meter = new Meter(1);
  const other: Family = { ...OPEN, name: "other" };
  meter.gauge(OPEN, { listener: "overflow" });
  const shared = meter.gauge(other, { listener: "a" });
  meter.drop({ listener: "overflow" });
  t.equal(meter.gauge(other, { listener: "overflow" }), shared);
  meter.drop({ listener: "overflow" }, OPEN);
  t.equal(meter.families.get("open")?.series.size, 1);
});
