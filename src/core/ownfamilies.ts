// The metric families of the sidecar itself; those of traffic are in families.ts.
import type { Family } from "./meter.ts";

export const SERIES_DROPPED = {
  name: "series_dropped_total",
  help: "Updates that went to a series named overflow because there were too many series.",
  kind: "counter",
  labels: [],
} as const satisfies Family;

export const EVENT_LOOP_LAG = {
  name: "event_loop_lag_seconds",
  help: "The longest that the event loop was held up in the last minute or two.",
  kind: "gauge",
  labels: [],
} as const satisfies Family;

/** `signal` is a Signal of policy/selfprotection.ts. */
export const SELF_PRESSURE = {
  name: "self_pressure",
  help: "How short the sidecar is of something: 0 not at all, 1 only critical requests, 2 at most.",
  kind: "gauge",
  labels: ["signal"],
} as const satisfies Family;

export const CONFIG_RELOAD_SUCCESSFUL = {
  name: "config_last_reload_successful",
  help: "1 when the config that was read last is in use, 0 when it was refused.",
  kind: "gauge",
  labels: [],
} as const satisfies Family;

export const CONFIG_RELOAD_TIME = {
  name: "config_last_reload_seconds",
  help: "When the config in use was loaded, in seconds since 1970.",
  kind: "gauge",
  labels: [],
} as const satisfies Family;

export const BUILD_INFO = {
  name: "build_info",
  help: "Always 1; the labels say which Tidegate this is and which Node runs it.",
  kind: "gauge",
  labels: ["version", "node"],
} as const satisfies Family;
