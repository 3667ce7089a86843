// `GET /state` as people read it.
import type { ClusterState, EndpointState, NameState, State } from "../../control/state.ts";
import { columns, table } from "../table.ts";
import { span } from "./times.ts";

/** How words are coloured, where they are. */
export type Paint = (style: "bold" | "red" | "yellow", text: string) => string;

/** Is it what a sidecar says of itself? Newer and older ones may say more, or less. */
export function isState(value: unknown): value is State {
  if (typeof value !== "object" || value === null) return false;
  const fields = new Map<string, unknown>(Object.entries(value));
  const lists = [fields.get("listeners"), fields.get("clusters")];
  return typeof fields.get("version") === "string" && lists.every(Array.isArray);
}

/** The whole state; `now` in milliseconds since 1970. */
export function statusText(state: State, now: number, paint: Paint): string {
  const { version, started, draining, config, protection, listeners, clusters } = state;
  const up = started === "" ? "starting" : `up ${span(now - Date.parse(started))}`;
  const drains = draining ? `, ${paint("yellow", "draining")}` : "";
  const rows = listeners.map(({ name, address, connections }) => [name, address, `${connections}`]);
  return [
    `${paint("bold", `tidegate ${version}`)}, ${up}${drains}\n${configText(config, now, paint)}${protectionText(protection, paint)}`,
    table(["listener", "address", "connections"], rows),
    ...clusters.map((cluster) => clusterText(cluster, now, paint)),
  ].join("\n");
}

/** Which config is in force, and what is wrong with the last one; sidecars of before say nothing of it. */
function configText(config: State["config"] | undefined, now: number, paint: Paint): string {
  if (config === undefined || config.loaded === "") return "";
  const { digest, loaded, refused } = config;
  const ago = (time: string): string => `${span(now - Date.parse(time))} ago`;
  const line = `config ${[digest, `loaded ${ago(loaded)}`].filter(Boolean).join(", ")}\n`;
  if (refused === undefined) return line;
  const { at, cause, errors } = refused;
  const head = paint("red", `refused ${ago(at)} (${cause}):`);
  return `${line}${head}\n${columns(errors.map((error) => ["", error]))}`;
}

/** What gives way because the sidecar itself cannot keep up; sidecars of before say nothing of it. */
export function protectionText(protection: State["protection"], paint: Paint): string {
  if (protection === undefined || protection.stage === "calm") return "";
  const { stage, delayMs, utilisation, memory, connections } = protection;
  const percent = (share: number): string => `${Math.round(100 * share)}%`;
  const why = `timers late by ${Math.round(delayMs)}ms, busy ${percent(utilisation)}, memory ${percent(memory)}, connections ${percent(connections)}`;
  return `${paint("red", `protects itself: ${stage}`)}, ${why}\n`;
}

/** What `tier` means for who reads it. */
export const TIERS: Readonly<Record<string, string>> = {
  primaries: "primaries",
  backups: "backups",
  returning: "primaries more and more, else backups",
  fallback: "nobody, the fallback answers",
};

function clusterText(cluster: ClusterState, now: number, paint: Paint): string {
  const { name, tier, inFlight, concurrency, endpoints, names = [] } = cluster;
  const asks = tier === "primaries" ? "primaries" : paint("yellow", TIERS[tier] ?? tier);
  const head = `${paint("bold", `cluster ${name}`)}: asks ${asks}, ${inFlight} in flight${limitText(concurrency, paint)}${heedText(cluster, paint)}\n`;
  const rows = endpoints.map((endpoint) => endpointRow(endpoint, now));
  const finish = (line: string, at: number): string => {
    const usable = endpoints[at]?.usable ?? "yes";
    return usable === "yes" ? line : paint(usable === "full" ? "yellow" : "red", line);
  };
  return (
    head +
    refusalsText(cluster, paint) +
    spareText(cluster) +
    table(HEAD, rows, finish) +
    columns(names.map((each) => nameRow(each, now)))
  );
}

/** The limit, and who waits or is refused because of it; sidecars of before say nothing of it. */
function limitText(state: ClusterState["concurrency"], paint: Paint): string {
  if (state === undefined) return "";
  const { mode, limit, streams, waiting, mostWaiting, threshold } = state;
  const others = streams > 0 ? ` and ${streams} streams` : "";
  const report = mode === "report" ? " (only reported)" : "";
  const shed =
    threshold === undefined ? "" : `, ${paint("yellow", `refuses from ${threshold} on`)}`;
  return `${others}; at most ${limit}${report}, ${waiting} of ${mostWaiting} waiting${shed}`;
}

/** What is refused because its endpoints would refuse it; sidecars of before say nothing of it. */
function heedText({ heeds }: Partial<ClusterState>, paint: Paint): string {
  return heeds === undefined
    ? ""
    : `, ${paint("yellow", `its endpoints are spared from ${heeds} on`)}`;
}

/** What was refused, or would have been; sidecars of before say nothing of it. */
function refusalsText({ refusals, wouldRefuse }: Partial<ClusterState>, paint: Paint): string {
  const line = (what: string, counts: ClusterState["refusals"] = []): string => {
    const sum = counts.reduce((all, { count }) => all + count, 0);
    const parts = counts
      .toSorted((a, b) => b.count - a.count)
      .map(({ reason, count }) => `${count} ${reason}`);
    return sum === 0
      ? ""
      : `${paint("yellow", `${what} ${sum}`)}: ${columns([[parts.join(", ")]])}`;
  };
  return line("refused", refusals) + line("would have refused", wouldRefuse);
}

/** What there is left for when something goes wrong; sidecars of before say nothing of it. */
function spareText({ retryBudget, backups, hedges = [] }: Partial<ClusterState>): string {
  const facts = hedges.map(({ route, delayMs }) =>
    typeof delayMs === "number"
      ? `${route} hedges after ${Math.round(delayMs)}ms`
      : `${route} does not know yet when to hedge`,
  );
  if (backups !== undefined) {
    facts.unshift(`${backups.inFlight} of ${backups.limit} in flight at backups`);
  }
  if (retryBudget !== undefined) facts.unshift(`${retryBudget.remaining} retries left`);
  return facts.length === 0 ? "" : columns([[facts.join(", ")]]);
}

/** A name among the endpoints, and why it was not resolved when it was tried last. */
function nameRow({ name, addresses, resolved, problem }: NameState, now: number): string[] {
  const when = resolved === undefined ? "never" : `${span(now - Date.parse(resolved))} ago`;
  return [`name ${name}`, `addresses ${addresses}`, `resolved ${when}`, problem ?? ""];
}

const HEAD = [
  "endpoint",
  "tier",
  "usable",
  "load",
  "connections",
  "health",
  "last probe",
  "breaker",
  "override",
];

function endpointRow(endpoint: EndpointState, now: number): string[] {
  const { address, tier, usable, load, connections, health } = endpoint;
  return [
    address,
    tier,
    usable,
    `${load}`,
    `${connections}`,
    health,
    probeOf(endpoint, now),
    breakerOf(endpoint),
    overrideOf(endpoint),
  ];
}

function probeOf({ probe, advice }: EndpointState, now: number): string {
  if (probe.at === undefined) return "-";
  const age = `${span(now - Date.parse(probe.at))} ago`;
  const why = probe.result === "ok" ? "" : `, ${probe.reason}`;
  return [`${probe.result} ${age}${why}`, ...wordsOf(advice)].join(", ");
}

/** What the service asks for itself; sidecars of before say nothing of it. */
function wordsOf(advice: Partial<EndpointState["advice"]> = {}): string[] {
  const { drain, weight, maxConcurrency } = advice;
  const words = drain ? ["wants to drain"] : [];
  if (weight !== undefined) words.push(`weight ${weight}`);
  return maxConcurrency === undefined ? words : [...words, `at most ${maxConcurrency} at once`];
}

/** Why it is closed is history; why it is not is the question. */
export function breakerOf({ breaker: { state, reason, untilMs } }: EndpointState): string {
  if (state === "closed" || state === "off") return state;
  return `${state}${left(untilMs)}${reason === undefined ? "" : `, ${reason}`}`;
}

function overrideOf({ override, overrideMs }: EndpointState): string {
  return override === undefined ? "-" : `${override}${left(overrideMs)}`;
}

/** What does not end by itself has no time; JSON has null where a number is no number. */
function left(ms: number | undefined | null): string {
  return typeof ms === "number" ? ` for ${span(ms)}` : "";
}
