// What is allowed and yet probably not meant. Every rule says what will happen and what to do.
import type { Address } from "../../core/address.ts";
import { isName } from "../name.ts";
import { isLoopback, isWildcard } from "./address.ts";
import { formatDuration } from "./duration.ts";
import type { Config } from "./schema.ts";
import { shadowedRoutes } from "./shadow.ts";
import type { Problem } from "./source.ts";
import { type Path, pathText, type Tree } from "./tree.ts";

type Listener = Config["listeners"][number];
type Cluster = Config["clusters"][number];
type Route = Listener["routes"][number];

/** Reports `message` at `path`. */
type Report = (path: Path, message: string) => void;

/** Everything in `config` that is worth a second look, in the order of the rules. */
export function lint(config: Config, tree: Tree): readonly Problem[] {
  const problems: Problem[] = [];
  const report: Report = (path, message) => {
    problems.push(tree.source.problem("warning", tree.rangeAt(path), message));
  };
  lintAdmin(config, report);
  lintDrain(config, report);
  lintPorts(config, report);
  lintNames(config, report);
  for (const [index, listener] of config.listeners.entries()) {
    lintListener(listener, ["listeners", index], report);
    lintRoutes(listener, config.clusters, ["listeners", index, "routes"], report);
  }
  for (const [index, cluster] of config.clusters.entries()) {
    lintCluster(cluster, config, ["clusters", index], report);
  }
  return problems;
}

function lintAdmin({ admin }: Config, report: Report): void {
  if (!isLoopback(admin.bind)) {
    report(["admin", "bind"], "other machines can reach admin, which can stop the sidecar");
  } else if (admin.expose) {
    report(["admin", "expose"], "expose has no effect: only this machine can reach admin's bind");
  }
}

function lintDrain({ drain, listeners }: Config, report: Report): void {
  const routes = listeners.flatMap((listener) => listener.routes);
  const longest = Math.max(...routes.map((route) => route.timeout));
  const timeout = formatDuration(drain.timeout);
  if (drain.timeout < drain.delay) {
    report(
      ["drain", "timeout"],
      `drain.timeout (${timeout}) is shorter than drain.delay (${formatDuration(drain.delay)}): ` +
        "the sidecar stops before it has begun to drain",
    );
  } else if (drain.timeout < longest) {
    report(
      ["drain", "timeout"],
      `drain.timeout (${timeout}) is shorter than the longest timeout of a route ` +
        `(${formatDuration(longest)}): a slow request can be cut off at the end`,
    );
  }
}

/** A wildcard bind and another one on its port: whether both can be had depends on the system. */
function lintPorts(config: Config, report: Report): void {
  const all: readonly { readonly path: Path; readonly bind: Address }[] = [
    { path: ["health", "bind"], bind: config.health.bind },
    { path: ["admin", "bind"], bind: config.admin.bind },
    ...config.listeners.map(({ bind }, index) => ({ path: ["listeners", index, "bind"], bind })),
  ];
  for (const [index, { path, bind }] of all.entries()) {
    const rival = all.slice(0, index).find((other) => samePort(other.bind, bind));
    if (rival === undefined) continue;
    const [wide, port] = [isWildcard(bind) || isWildcard(rival.bind), portOf(bind)];
    const effect = wide
      ? "one of them stands for every address: listening can fail"
      : "easily confused";
    report(path, `port ${port} is that of ${pathText(rival.path)} too; ${effect}`);
  }
}

function portOf(address: Address): number {
  return address.kind === "tcp" ? address.port : 0;
}

function samePort(a: Address, b: Address): boolean {
  return portOf(a) !== 0 && portOf(a) === portOf(b);
}

function lintNames({ dns, clusters }: Config, report: Report): void {
  const { min, max } = dns.refresh;
  if (max < min) {
    const [short, long] = [formatDuration(max), formatDuration(min)];
    report(
      ["dns", "refresh"],
      `max (${short}) is shorter than min (${long}), which takes its place`,
    );
  }
  if (dns.nameservers.length === 0) return;
  for (const [at, cluster] of clusters.entries()) {
    for (const tier of ["endpoints", "backups"] as const) {
      for (const [index, { address }] of cluster[tier].entries()) {
        if (!isName(address) || address.host.includes(".")) continue;
        report(
          ["clusters", at, tier, index],
          "is taken as a fully qualified name: dns.nameservers have no search list",
        );
      }
    }
  }
}

function lintListener(
  { bind, limits, forwarded, tls }: Listener,
  path: Path,
  report: Report,
): void {
  if (isWildcard(bind)) {
    report(
      [...path, "bind"],
      "listens on every address of this machine; bind it to one where other machines must not come",
    );
  }
  if (limits.uriBytes < 8000) {
    report([...path, "limits", "uriBytes"], "is below the 8000 bytes that RFC 9110 asks for");
  }
  if (limits.bodyBytes > 0 && limits.bodyBytes < 1024) {
    report(
      [...path, "limits", "bodyBytes"],
      "allows only tiny bodies; is its unit missing, as in 10MiB?",
    );
  }
  const asks = (tls?.clientCertificates ?? "off") !== "off";
  for (const [index, who] of forwarded.trust.entries()) {
    const at = [...path, "forwarded", "trust", index];
    if (who.endsWith("/0") && !who.startsWith("san:"))
      report(at, "trusts everybody: any client can claim any address");
    if (who.startsWith("san:") && !asks)
      report(at, "trusts nobody: clients are not asked for certificates here");
  }
}

function lintRoutes(
  { routes }: Listener,
  clusters: readonly Cluster[],
  path: Path,
  report: Report,
): void {
  for (const [index, route] of routes.entries()) {
    lintRoute(route, clusters, [...path, index], report);
    lintRetry(route, [...path, index, "retry"], report);
    lintHedge(route, clusters, (why) => {
      report([...path, index, "retry", "hedge"], `nothing is hedged: ${why}`);
    });
  }
  for (const { index, by } of shadowedRoutes(routes)) {
    const other = pathText([...path, by]);
    report([...path, index], `this route can never match: ${other} takes all of its requests`);
  }
}

function lintRoute(
  { match, timeout, cluster: name }: Route,
  clusters: readonly Cluster[],
  path: Path,
  report: Report,
): void {
  const cluster = clusters.find((each) => each.name === name);
  if (timeout === 0) {
    report(
      [...path, "timeout"],
      "no deadline: a request can wait for ever; set one where it can be told",
    );
  } else if (cluster !== undefined && timeout < cluster.connectTimeout) {
    report(
      [...path, "timeout"],
      `timeout (${formatDuration(timeout)}) is shorter than the connectTimeout of its cluster ` +
        `(${formatDuration(cluster.connectTimeout)}), which can never pass`,
    );
  }
  if (match.path.includes("*")) {
    report(
      [...path, "match", "path"],
      "* stands for itself here; a path that ends in / is a prefix",
    );
  }
  for (const [index, method] of (match.methods ?? []).entries()) {
    if (method === method.toUpperCase()) continue;
    report(
      [...path, "match", "methods", index],
      "methods are case-sensitive, and in upper case as a rule",
    );
  }
}

function lintRetry({ timeout, retry }: Route, path: Path, report: Report): void {
  const { attempts, perTryTimeout, backoff } = retry;
  if (timeout > 0 && perTryTimeout >= timeout) {
    report(
      [...path, "perTryTimeout"],
      `perTryTimeout (${formatDuration(perTryTimeout)}) is not shorter than the timeout of its route ` +
        `(${formatDuration(timeout)}), which leaves no time to try again`,
    );
  }
  if (attempts > 0 && backoff.max < backoff.base) {
    report(
      [...path, "backoff", "max"],
      `max (${formatDuration(backoff.max)}) is shorter than base (${formatDuration(backoff.base)}), ` +
        "which has no effect then",
    );
  }
}

/** Hedging that can never happen: `nothing` is told why. */
function lintHedge(
  { timeout, retry, cluster: name }: Route,
  clusters: readonly Cluster[],
  nothing: (why: string) => void,
): void {
  const { attempts, perTryTimeout, hedge } = retry;
  if (hedge === undefined) return;
  if (attempts === 0) nothing("a second try is one of its attempts, of which there are 0");
  const cluster = clusters.find((each) => each.name === name);
  const places = [...(cluster?.endpoints ?? []), ...(cluster?.backups ?? [])];
  if (places.length === 1 && places.every(({ address }) => !isName(address))) {
    nothing("its cluster has no other endpoint");
  }
  if (!("ms" in hedge.delay)) return;
  const { ms } = hedge.delay;
  for (const [word, limit] of Object.entries({ timeout, perTryTimeout })) {
    if (limit === 0 || ms < limit) continue;
    nothing(
      `its delay (${formatDuration(ms)}) is not shorter than ${word} (${formatDuration(limit)})`,
    );
  }
}

function lintCluster(cluster: Cluster, config: Config, path: Path, report: Report): void {
  const { name, pool, healthCheck, endpoints } = cluster;
  const routes = config.listeners.flatMap((listener) => listener.routes);
  if (!routes.some((route) => route.cluster === name)) {
    report([...path, "name"], "no route leads to this cluster");
  }
  if (endpoints.every(({ weight }) => weight === 0)) {
    report([...path, "endpoints"], "each has the weight 0: only backups get requests");
  }
  if (pool.idle > 5000) {
    report(
      [...path, "pool", "idle"],
      "many servers close idle connections after 5s (Node does); keep pool.idle below the service's own",
    );
  }
  if (healthCheck !== "off" && healthCheck.timeout > healthCheck.interval) {
    report(
      [...path, "healthCheck", "timeout"],
      `healthCheck.timeout (${formatDuration(healthCheck.timeout)}) is longer than its interval ` +
        `(${formatDuration(healthCheck.interval)}): a probe that hangs delays the next one`,
    );
  }
}
