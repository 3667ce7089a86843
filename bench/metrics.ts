// How many nanoseconds does the bookkeeping of one request take: counters, histogram, log line?
import { createAccessLog } from "../src/control/accesslog.ts";
import { createMetrics } from "../src/control/metrics.ts";
import type { AccessRecord } from "../src/core/access.ts";
import { systemRandom } from "../src/core/clock.ts";
import { ATTEMPTS, REQUEST_DURATION, REQUESTS } from "../src/core/families.ts";
import { Meter } from "../src/core/meter.ts";
import { type Operation, timeAll } from "./harness/nano.ts";
import type { Options } from "./harness/options.ts";
import { significant } from "./harness/table.ts";

const RECORD: AccessRecord = {
  time: 1_767_225_600_000,
  listener: "inbound",
  route: "api",
  cluster: "app",
  endpoint: "127.0.0.1:3000",
  peer: "127.0.0.1",
  protocol: "HTTP/1.1",
  method: "GET",
  host: "shop.example.org",
  path: "/api/v1/orders",
  status: 200,
  grpcStatus: undefined,
  reason: undefined,
  tier: undefined,
  detail: undefined,
  outcome: "answered",
  ending: "complete",
  attempts: 1,
  hedge: undefined,
  admission: undefined,
  requestId: "1f0c2f4e-8f0a-4f5e-9b1e-2b7b7d1c9a11",
  bytesIn: 0,
  bytesOut: 48,
  durationMs: 1.234,
};

/** Prints the table, and how long one scrape of a big sidecar takes. */
export async function run(options: Options): Promise<number> {
  const operations = [count(), observe(), lookUp(), sampled(), logged()];
  const code = await timeAll("metrics", operations, options);
  console.log(`one scrape of 4000 series: ${significant(await scrapeMillis())} ms`);
  return code;
}

function count(): Operation {
  const counter = new Meter().counter(REQUESTS, { route: "api", code: "200" });
  return {
    name: "counter: add through its handle",
    work() {
      counter.add();
      return counter.value;
    },
  };
}

function observe(): Operation {
  const histogram = new Meter().histogram(REQUEST_DURATION, { route: "api" });
  let seconds = 0;
  return {
    name: "histogram: observe, any bucket",
    work() {
      seconds = seconds > 20 ? 0.0004 : seconds + 0.0077;
      histogram.observe(seconds);
      return histogram.sum;
    },
  };
}

function lookUp(): Operation {
  const meter = new Meter();
  return {
    name: "counter: found by its labels",
    work: () => meter.counter(REQUESTS, { route: "api", code: "200" }).value,
  };
}

function sampled(): Operation {
  const log = logTo("sampled", () => {});
  return { name: "access log: 200 not sampled", work: () => (log.wants(200) ? 1 : 0) };
}

function logged(): Operation {
  let bytes = 0;
  const log = logTo("all", (line) => {
    bytes = line.length;
  });
  return {
    name: "access log: one line made",
    work() {
      if (log.wants(200)) log.write(RECORD);
      return bytes;
    },
  };
}

function logTo(mode: "all" | "sampled", write: (line: string) => void) {
  return createAccessLog({ mode, sample: 1e-9, random: systemRandom, lines: { write } });
}

async function scrapeMillis(): Promise<number> {
  const meter = new Meter();
  for (let index = 0; index < 4000; index++) {
    meter.counter(ATTEMPTS, { cluster: "app", endpoint: `10.0.0.1:${index}`, outcome: "answered" });
  }
  const metrics = createMetrics({ meter, version: "0", lag: () => 0 });
  await metrics.scrape();
  const start = performance.now();
  const text = await metrics.scrape();
  if (!text.includes("tidegate_attempts_total")) throw new Error("bench: the scrape lacks series");
  return performance.now() - start;
}
