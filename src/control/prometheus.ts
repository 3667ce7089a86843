// prom-client, as much of it as is used. Its index loads the Pushgateway's client as well, and with it TLS:
// 10 MiB that each sidecar would hold for nothing.
import { createRequire } from "node:module";
import type * as client from "prom-client";

const require = createRequire(import.meta.url);

export const Registry: typeof client.Registry = require("prom-client/lib/registry.js");
export const Counter: typeof client.Counter = require("prom-client/lib/counter.js");
export const Gauge: typeof client.Gauge = require("prom-client/lib/gauge.js");
export const Histogram: typeof client.Histogram = require("prom-client/lib/histogram.js");

/** Loads the process metrics, which nobody needs before the first scrape, and adds them. */
export function collectDefaultMetrics(register: client.Registry): void {
  const collect: typeof client.collectDefaultMetrics = require("prom-client/lib/defaultMetrics.js");
  collect({ register });
}
