// States of sidecars as they tell them.
import type { Paint } from "../../src/cli/admin/statustext.ts";
import type { ClusterState, EndpointState, State } from "../../src/control/state.ts";

export const PLAIN: Paint = (_, text) => text;
export const NOW = Date.parse("2026-01-02T03:04:10.678Z");

export const WELL: EndpointState = {
  address: "127.0.0.1:3000",
  name: undefined,
  tier: "primary",
  connections: 4,
  load: 2,
  weight: 100,
  usable: "yes",
  health: "healthy",
  advice: { weight: undefined, drain: false, maxConcurrency: undefined },
  probe: { result: "ok", reason: "status 200", at: "2026-01-02T03:04:08.678Z" },
  override: undefined,
  overrideMs: undefined,
  breaker: { state: "closed", reason: "trials_passed", untilMs: undefined },
};
const TRIPPED: EndpointState = {
  ...WELL,
  address: "127.0.0.1:3001",
  usable: "open",
  override: "open",
  overrideMs: 598_000,
  breaker: { state: "open", reason: "failure_rate", untilMs: 3900 },
};
export const DEAD: EndpointState = {
  ...WELL,
  address: "10.0.0.7:80",
  tier: "backup",
  usable: "down",
  probe: { result: "failed", reason: "timeout\x1b[2J", at: "2026-01-02T03:04:10.678Z" },
  override: "drain",
  breaker: { state: "off", reason: undefined, untilMs: undefined },
};
export const APP: ClusterState = {
  name: "app",
  inFlight: 2,
  concurrency: undefined,
  heeds: undefined,
  refusals: [],
  wouldRefuse: [],
  tier: "primaries",
  retryBudget: { remaining: 30 },
  backups: { inFlight: 2, limit: 1000 },
  hedges: [],
  endpoints: [WELL, TRIPPED, DEAD],
  names: [],
};
export const STATE: State = {
  version: "0.1.0",
  started: "2026-01-02T00:00:00.678Z",
  draining: false,
  config: { digest: "0123456789ab", loaded: "2026-01-02T00:00:00.678Z", refused: undefined },
  protection: undefined,
  listeners: [{ name: "inbound", address: "127.0.0.1:8080", connections: 12 }],
  clusters: [APP],
};
