// What no option can tell by itself: names that must exist, or must not exist twice, and addresses.
//
// These checks read the values as they were written, not as they were parsed: a slip elsewhere must
// not hide an unknown cluster until the next try.
import { type Address, parseAddress } from "../../core/address.ts";
import { addressProblem, isLoopback } from "./address.ts";
import { ADMIN_BIND, HEALTH_BIND } from "./schema.ts";
import { didYouMean } from "./suggest.ts";
import { type Path, pathText, type Tree } from "./tree.ts";

/** Adds a problem to the tree for everything that does not fit together. */
export function checkReferences(tree: Tree): void {
  const listeners = items(tree.value, "listeners", []);
  const clusters = items(tree.value, "clusters", []);
  const routes = listeners.flatMap(({ value, path }) => items(value, "routes", path));
  checkNames(tree, "listener", listeners);
  checkNames(tree, "cluster", clusters);
  checkNames(tree, "route", routes);
  checkClusters(tree, routes, clusters);
  checkBinds(tree, listeners);
  checkAdmin(tree);
}

/** A mapping in a list, and its path. */
interface Item {
  readonly value: Readonly<Record<string, unknown>>;
  readonly path: Path;
}

function checkNames(tree: Tree, kind: string, all: readonly Item[]): void {
  const seen = new Map<string, Path>();
  for (const { value, path } of all) {
    const { name } = value;
    if (typeof name !== "string") continue;
    const here = [...path, "name"];
    const first = seen.get(name);
    if (first === undefined) {
      seen.set(name, here);
      continue;
    }
    const line = tree.source.line(tree.place(first).value.start);
    const shown = tree.shown(here, name);
    tree.error(tree.rangeAt(here), `another ${kind} is called ${shown} already, on line ${line}`);
  }
}

function checkClusters(tree: Tree, routes: readonly Item[], clusters: readonly Item[]): void {
  const names = clusters.map(({ value, path }) => ({ name: value.name, path: [...path, "name"] }));
  // A cluster whose name could not be read may be the one that is meant.
  if (names.length === 0 || names.some(({ name }) => typeof name !== "string")) return;
  const known = new Set(names.map(({ name }) => name));
  const printable = names.filter(({ path }) => !tree.place(path).fromEnvironment);
  for (const { value, path } of routes) {
    const { cluster } = value;
    if (typeof cluster !== "string" || known.has(cluster)) continue;
    const here = [...path, "cluster"];
    const hint = didYouMean(
      cluster,
      printable.map(({ name }) => String(name)),
    );
    tree.error(
      tree.rangeAt(here),
      `there is no cluster called ${tree.shown(here, cluster)}${hint}`,
    );
  }
}

function checkBinds(tree: Tree, listeners: readonly Item[]): void {
  const all = [
    { path: ["health", "bind"], text: bindOf(tree, "health") ?? HEALTH_BIND },
    { path: ["admin", "bind"], text: bindOf(tree, "admin") ?? ADMIN_BIND },
    ...listeners.map(({ value, path }) => ({ path: [...path, "bind"], text: value.bind })),
  ];
  const seen = new Map<string, Path>();
  for (const { path, text } of all) {
    const address = typeof text === "string" ? parseAddress(text) : undefined;
    if (address === undefined || isAnyPort(address)) continue;
    const first = seen.get(address.text);
    if (first === undefined) {
      seen.set(address.text, path);
      continue;
    }
    // A default stands nowhere in the file: then the other one is what can be changed.
    const [here, other] = tree.has(path) ? [path, first] : [first, path];
    const taken = `${tree.shown(here, address.text)} is taken already, by ${pathText(other)}`;
    tree.error(tree.rangeAt(here), `bind ${taken}`);
  }
}

function isAnyPort(address: Address): boolean {
  return address.kind === "tcp" && address.port === 0;
}

/** Admin can stop the sidecar: who may reach it is said twice, and with a token, or not at all. */
function checkAdmin(tree: Tree): void {
  const admin = record(record(tree.value)?.admin);
  if (typeof admin?.bind !== "string" || addressProblem(admin.bind, "bind") !== undefined) return;
  const address = parseAddress(admin.bind);
  if (address === undefined || isLoopback(address)) return;
  const missing = [
    ...(admin.expose === true ? [] : ["expose: true"]),
    ...(admin.token === undefined && !tree.isBroken(["admin", "token"]) ? ["a token"] : []),
  ];
  if (missing.length === 0) return;
  const needs = `which needs ${missing.join(" and ")}`;
  const { value } = tree.place(["admin", "bind"]);
  tree.error(value, `admin would be open to other machines, ${needs}; or bind it to 127.0.0.1`);
}

function bindOf(tree: Tree, section: string): unknown {
  return tree.isBroken([section, "bind"]) ? null : record(record(tree.value)?.[section])?.bind;
}

function items(around: unknown, key: string, path: Path): readonly Item[] {
  const list = record(around)?.[key];
  if (!Array.isArray(list)) return [];
  return list.flatMap((item: unknown, index) => {
    const value = record(item);
    return value === undefined ? [] : [{ value, path: [...path, key, index] }];
  });
}

function record(value: unknown): Readonly<Record<string, unknown>> | undefined {
  return isRecord(value) ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
