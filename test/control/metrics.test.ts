import { spawnSync } from "node:child_process";
import t from "tap";
import { createMetrics, type Metrics } from "../../src/control/metrics.ts";
import * as families from "../../src/core/families.ts";
import { type Family, Meter } from "../../src/core/meter.ts";
import * as ownFamilies from "../../src/core/ownfamilies.ts";

const ALL: readonly Family[] = Object.values({ ...families, ...ownFamilies }).filter(
  (each) => "kind" in each,
);

function start(meter: Meter, lag: () => number = () => 0): Metrics {
  return createMetrics({ meter, version: "1.2.3", lag });
}

/** The sample lines of one metric. */
async function lines(metrics: Metrics, name: string): Promise<string[]> {
  const start = new RegExp(`^${name}(?:_bucket|_sum|_count)?(?:\\{| )`);
  return (await metrics.scrape()).split("\n").filter((line) => start.test(line));
}

/** One series of each family, whose label values need escaping. */
function fill(meter: Meter): void {
  for (const family of ALL) {
    const labels = Object.fromEntries(family.labels.map((name) => [name, 'a "\\\n b']));
    if (family.kind === "counter") meter.counter(family, labels).add();
    else if (family.kind === "gauge") meter.gauge(family, labels).add(1);
    else meter.histogram(family, labels).observe(0.3);
  }
}

t.test("a counter is printed with the number that it has when it is scraped", async (t) => {
  const meter = new Meter();
  const metrics = start(meter);
  const counter = meter.counter(families.REQUESTS, { route: "all", code: "200" });
  counter.add(2);
  const name = "tidegate_requests_total";
  t.strictSame(await lines(metrics, name), [`${name}{route="all",code="200"} 2`]);
  counter.add();
  t.strictSame(await lines(metrics, name), [`${name}{route="all",code="200"} 3`]);
  meter.counter(families.REQUESTS, { route: "all", code: "503" }).add();
  t.equal((await lines(metrics, name)).length, 2, "a series that is made later appears");
});

t.test("a family that is made after the first scrape appears in the next", async (t) => {
  const meter = new Meter();
  const metrics = start(meter);
  t.strictSame(await lines(metrics, "tidegate_retries_total"), []);
  meter.counter(families.RETRIES, { cluster: "app", outcome: "reset" }).add();
  t.equal((await lines(metrics, "tidegate_retries_total")).length, 1);
});

t.test("a gauge is read when it is scraped", async (t) => {
  const meter = new Meter();
  const metrics = start(meter);
  let open = 1;
  meter.gauge(families.DOWNSTREAM_CONNECTIONS, { listener: "inbound" }).read = () => open;
  const name = "tidegate_downstream_connections";
  t.strictSame(await lines(metrics, name), [`${name}{listener="inbound"} 1`]);
  open = 7;
  t.strictSame(await lines(metrics, name), [`${name}{listener="inbound"} 7`]);
});

t.test("the buckets of a histogram count everything below their bounds", async (t) => {
  const meter = new Meter();
  const metrics = start(meter);
  const family: Family = {
    name: "wait_seconds",
    help: "Waiting.",
    kind: "histogram",
    labels: ["cluster"],
    bounds: [0.1, 1],
  };
  const histogram = meter.histogram(family, { cluster: "app" });
  for (const value of [0.0625, 0.1, 0.5, 3, 5]) histogram.observe(value);
  const name = "tidegate_wait_seconds";
  t.strictSame(await lines(metrics, name), [
    `${name}_bucket{le="0.1",cluster="app"} 2`,
    `${name}_bucket{le="1",cluster="app"} 3`,
    `${name}_bucket{le="+Inf",cluster="app"} 5`,
    `${name}_sum{cluster="app"} 8.6625`,
    `${name}_count{cluster="app"} 5`,
  ]);
});

t.test("label values are escaped, and cannot add a line or a label", async (t) => {
  const meter = new Meter();
  const metrics = start(meter);
  const route = 'x"} 1\nevil{a="\\';
  meter.counter(families.REQUESTS, { route, code: "200" }).add();
  t.strictSame(await lines(metrics, "tidegate_requests_total"), [
    String.raw`tidegate_requests_total{route="x\"} 1\nevil{a=\"\\",code="200"} 1`,
  ]);
  t.strictSame(await lines(metrics, "evil"), []);
});

t.test("labels beside those of the family are not printed", async (t) => {
  const meter = new Meter();
  const metrics = start(meter);
  const labels = { path: "/secret", code: "200", route: "all" };
  meter.counter(families.REQUESTS, labels).add();
  t.strictSame(await lines(metrics, "tidegate_requests_total"), [
    'tidegate_requests_total{route="all",code="200"} 1',
  ]);
});

t.test("it tells the build, the lag, and the last reload", async (t) => {
  const metrics = start(new Meter(), () => 0.125);
  metrics.reloaded(true, 1_700_000_000_500);
  t.strictSame(await lines(metrics, "tidegate_build_info"), [
    `tidegate_build_info{version="1.2.3",node="${process.version}"} 1`,
  ]);
  t.strictSame(await lines(metrics, "tidegate_event_loop_lag_seconds"), [
    "tidegate_event_loop_lag_seconds 0.125",
  ]);
  const reload = async () => [
    ...(await lines(metrics, "tidegate_config_last_reload_successful")),
    ...(await lines(metrics, "tidegate_config_last_reload_seconds")),
  ];
  t.strictSame(await reload(), [
    "tidegate_config_last_reload_successful 1",
    "tidegate_config_last_reload_seconds 1700000000.5",
  ]);
  metrics.reloaded(false, 1_800_000_000_000);
  t.strictSame(
    await reload(),
    [
      "tidegate_config_last_reload_successful 0",
      "tidegate_config_last_reload_seconds 1700000000.5",
    ],
    "a config that was refused leaves the time of the one in use",
  );
});

t.test("what does not fit under the cap is counted", async (t) => {
  const meter = new Meter(5);
  const metrics = start(meter);
  for (const code of ["200", "201", "202"]) {
    meter.counter(families.REQUESTS, { route: "all", code }).add();
  }
  t.strictSame(await lines(metrics, "tidegate_series_dropped_total"), [
    "tidegate_series_dropped_total 3",
  ]);
  t.strictSame(await lines(metrics, "tidegate_requests_total"), [
    'tidegate_requests_total{route="overflow",code="overflow"} 3',
  ]);
});

t.test("the process metrics of prom-client are there under their own names", async (t) => {
  const metrics = start(new Meter());
  for (const name of ["process_cpu_seconds_total", "process_resident_memory_bytes"]) {
    t.equal((await lines(metrics, name)).length, 1, name);
  }
  const other = await start(new Meter()).scrape();
  t.match(other, "nodejs_eventloop_lag_seconds", "and a second sidecar does not clash with them");
});

t.test("scrapes that come while one is being made share it", async (t) => {
  const meter = new Meter();
  const metrics = start(meter);
  let asked = 0;
  meter.gauge(families.DOWNSTREAM_CONNECTIONS, { listener: "inbound" }).read = () => ++asked;
  const [one, two] = await Promise.all([metrics.scrape(), metrics.scrape()]);
  t.equal(one, two);
  t.equal(asked, 1);
  await metrics.scrape();
  t.equal(asked, 2);
});

t.test("every family of the contract has a name and a help that Prometheus likes", async (t) => {
  for (const { name, help, kind, labels } of ALL) {
    t.match(name, /^[a-z][a-z_]*[a-z]$/);
    t.equal(name.endsWith("_total"), kind === "counter", name);
    t.match(help, /^[A-Z1].*\.$/, `${name} is explained in a sentence`);
    t.notOk(
      labels.some((label) => ["path", "host", "method", "peer", "le", "caller"].includes(label)),
      `${name} has no label that clients choose`,
    );
  }
});

/** What promtool's linter says, in the order of https://prometheus.io/docs/practices/naming/. */
function complaints(exposition: string): string[] {
  const types = new Map(
    [...exposition.matchAll(/^# TYPE (\S+) (\S+)$/gm)].map(([, name = "", type = ""]) => [
      name,
      type,
    ]),
  );
  const helped = new Set([...exposition.matchAll(/^# HELP (\S+) ./gm)].map((match) => match[1]));
  return [...types].flatMap(([name, type]) => [
    ...(helped.has(name) ? [] : [`${name}: no help`]),
    ...(name.endsWith("_total") === (type === "counter") ? [] : [`${name}: a ${type}`]),
    ...(type !== "histogram" && /_(?:bucket|count|sum)$/.test(name) ? [`${name}: reserved`] : []),
    ...(/_(?:gauge|counter|histogram|summary)(?:_|$)/.test(name) ? [`${name}: its type`] : []),
    ...(/_(?:ms|milliseconds|minutes|hours|kb|mb|kilobytes)(?:_|$)/.test(name)
      ? [`${name}: not in base units`]
      : []),
  ]);
}

t.test("promtool check metrics is clean on everything that is printed", async (t) => {
  const meter = new Meter();
  fill(meter);
  const text = await start(meter).scrape();
  for (const { name } of ALL) t.match(text, `# TYPE tidegate_${name} `);
  t.strictSame(complaints(text), []);
  const promtool = spawnSync("promtool", ["check", "metrics"], { input: text, encoding: "utf8" });
  // Where Prometheus is not installed, the rules above are what there is.
  if (promtool.error === undefined) {
    t.strictSame([promtool.status, promtool.stdout, promtool.stderr], [0, "", ""]);
  }
});
