// `status --watch`: what changes from one moment to the next, of all clusters at a glance.
import type { ClusterState, RefusalState, State } from "../../control/state.ts";
import { columns, table } from "../table.ts";
import { breakerOf, type Paint, protectionText, TIERS } from "./statustext.ts";
import { span } from "./times.ts";

/** A state, and when it was told, in milliseconds since 1970. */
export interface Moment {
  readonly state: State;
  readonly at: number;
}

/** The state, with what was refused since `before`; without it since the sidecar started. */
export function watchText(now: Moment, before: Moment | undefined, paint: Paint): string {
  const { version, started, draining, clusters, protection } = now.state;
  const up = started === "" ? "starting" : `up ${span(now.at - Date.parse(started))}`;
  const drains = draining ? `, ${paint("yellow", "draining")}` : "";
  const time = new Date(now.at).toLocaleTimeString("en-GB");
  return [
    `${paint("bold", `tidegate ${version}`)}, ${up}${drains}, ${time}\n`,
    protectionText(protection, paint),
    "\n",
    clustersText(clusters, paint),
    "\n",
    refusalsText(now, before, paint),
    breakersText(clusters, paint),
  ].join("");
}

const HEAD = ["cluster", "asks", "limit", "in flight", "waiting", "refuses from"];

function clustersText(clusters: readonly ClusterState[], paint: Paint): string {
  const rows = clusters.map(({ name, tier, inFlight, concurrency }) => {
    const asks = TIERS[tier] ?? tier;
    if (concurrency === undefined) return [name, asks, "-", `${inFlight}`, "-", "-"];
    const { mode, limit, waiting, mostWaiting, threshold = "-" } = concurrency;
    const most = mode === "report" ? `${limit} (only reported)` : `${limit}`;
    return [name, asks, most, `${inFlight}`, `${waiting} of ${mostWaiting}`, threshold];
  });
  return table(HEAD, rows, (line, at) => {
    const { tier, concurrency } = clusters[at] ?? {};
    const strained = tier !== "primaries" || concurrency?.threshold !== undefined;
    return strained ? paint("yellow", line) : line;
  });
}

/** By cluster and reason: how many a second, and since the sidecar started. */
function refusalsText(now: Moment, before: Moment | undefined, paint: Paint): string {
  const rows = now.state.clusters.flatMap((cluster) => {
    const known = before?.state.clusters.find(({ name }) => name === cluster.name);
    const seconds = before === undefined ? undefined : (now.at - before.at) / 1000;
    const told = (what: string, list: "refusals" | "wouldRefuse"): string[][] =>
      (cluster[list] ?? []).map(({ reason, count }) => {
        const rate = rateOf(count, countOf(known?.[list], reason), seconds);
        return [cluster.name, what, reason, rate, `${count}`];
      });
    return [...told("refused", "refusals"), ...told("would refuse", "wouldRefuse")];
  });
  if (rows.length === 0) return "nothing refused\n";
  return table(["cluster", "", "reason", "per second", "in all"], rows, (line, at) =>
    /^(?:0|-)$/.test(rows[at]?.[3] ?? "-") ? line : paint("yellow", line),
  );
}

function countOf(known: readonly RefusalState[] | undefined, reason: string): number {
  return known?.find((each) => each.reason === reason)?.count ?? 0;
}

/** A dash where it cannot be told: at first, and when the sidecar has started anew. */
function rateOf(count: number, before: number, seconds: number | undefined): string {
  if (seconds === undefined || seconds <= 0 || count < before) return "-";
  const rate = (count - before) / seconds;
  return rate > 0 && rate < 10 ? rate.toFixed(1) : `${Math.round(rate)}`;
}

/** Of those endpoints that are not as they should be. */
function breakersText(clusters: readonly ClusterState[], paint: Paint): string {
  const rows = clusters.flatMap(({ name, endpoints }) =>
    endpoints
      .filter(({ usable, breaker }) => usable !== "yes" || !/^(closed|off)$/.test(breaker.state))
      .map((each) => [name, each.address, each.tier, each.usable, each.health, breakerOf(each)]),
  );
  const all = clusters.reduce((sum, { endpoints }) => sum + endpoints.length, 0);
  if (rows.length === 0) return `\nall of ${all} endpoints well, no breaker open\n`;
  const head = ["cluster", "endpoint", "tier", "usable", "health", "breaker"];
  return `\n${table(head, rows, (line) => paint("red", line))}${columns([[`${rows.length} of ${all} endpoints`]])}`;
}
