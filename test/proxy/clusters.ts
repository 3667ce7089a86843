// A cluster called `app` whose time is the test's to pass, and what tests do to it.
import { parseAddress } from "../../src/core/address.ts";
import { Meter } from "../../src/core/meter.ts";
import { NO_ADVICE } from "../../src/policy/advice.ts";
import { Cluster, type ClusterSettings } from "../../src/proxy/cluster.ts";
import type { Endpoint } from "../../src/proxy/endpoint.ts";
import { HandClock } from "../http1/endpoint.ts";

export const BREAKER = {
  consecutiveFailures: 2,
  failureRate: { threshold: 0.5, window: 10_000, minimumRequests: 20 },
  slowCalls: { threshold: 0.8, slowerThan: 5000 },
  open: { base: 60_000, max: 60_000, jitter: 0 },
  trials: 5,
  trialTimeout: 1000,
  ramp: 0,
};
export const HOLD_MS = 3000;

/** Of `address`, or `address weight`. */
function place(line: string) {
  const [text = "", weight = "100"] = line.split(" ");
  const address = parseAddress(text);
  if (address === undefined) throw new Error(`no address: ${text}`);
  return { address, weight: Number(weight) };
}

/** What a config could say of it. */
export function settingsOf(
  primaries: readonly string[],
  backups: readonly string[] = [],
  more: Partial<ClusterSettings> = {},
): ClusterSettings {
  return {
    name: "app",
    endpoints: primaries.map(place),
    backups: backups.map(place),
    backupConcurrency: 1000,
    minimumHealthy: 1,
    breaker: BREAKER,
    connectTimeout: 1000,
    protocol: "auto",
    pool: { max: 10, idle: 1000 },
    responseHeaderBytes: 1024,
    retryBudget: { percent: 20, minimumPerSecond: 3 },
    failback: { hold: HOLD_MS },
    ...more,
  };
}

/** `chance` is that of the draws; by default the first ones are drawn. */
export function make(
  primaries: readonly string[],
  backups: readonly string[] = [],
  most = 1000,
  chance = () => 0,
) {
  const clock = new HandClock();
  const meter = new Meter();
  const tiers: string[] = [];
  const cluster = new Cluster(settingsOf(primaries, backups, { backupConcurrency: most }), {
    wheel: clock.wheel,
    now: () => clock.now(),
    wall: () => clock.wall(),
    random: { next: chance, id: () => "" },
    meter,
    changed: () => {},
    tierChanged: (_, change) => void tiers.push(`${change.from} -> ${change.to} ${change.reason}`),
  });
  const at = (text: string): Endpoint => {
    const found = cluster.find(text);
    if (found === undefined) throw new Error(`not in the cluster: ${text}`);
    return found;
  };
  const pick = (...tried: string[]) => cluster.pick(tried.map(at), clock.now())?.address.text;
  const find = (text: string, state: "healthy" | "unhealthy", more = {}) =>
    at(text).probed({ state, held: false, advice: NO_ADVICE, ...more }, clock.now());
  const fail = (text: string) => {
    const call = at(text).enter(clock.now());
    at(text).settle(call, "failure", clock.now(), 1);
    at(text).leave();
  };
  const succeed = (text: string) => {
    const call = at(text).enter(clock.now());
    at(text).settle(call, "success", clock.now(), 1);
    at(text).leave();
  };

  return { cluster, clock, meter, tiers, at, pick, find, fail, succeed };
}
