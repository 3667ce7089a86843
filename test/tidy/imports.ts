// Who may import whom, and that nobody does so in a circle.
import type { Source } from "./source.ts";
import { type Tree, target } from "./tree.ts";

/** The import table of the design: each room of src, and the rooms it may take from. */
const ROOMS: Readonly<Record<string, readonly string[]>> = {
  core: ["core"],
  policy: ["core", "policy"],
  http1: ["core", "http1"],
  // A request is checked and kept the same way in both: HTTP/2 is read as the lines that HTTP/1.1 would have.
  http2: ["core", "http1", "http2"],
  // It makes sockets for connections.
  tls: ["core", "http1", "http2", "tls"],
  proxy: ["core", "policy", "http1", "http2", "tls", "proxy"],
  control: ["core", "policy", "tls", "control"],
  "sidecar.ts": ["core", "policy", "http1", "http2", "tls", "proxy", "control", "version.ts"],
  cli: ["core", "control", "sidecar.ts", "version.ts", "cli"],
  "main.ts": ["core", "control", "sidecar.ts", "version.ts", "cli"],
  "version.ts": [],
};

/** Every import of src that the table does not allow, and every file that it has no room for. */
export function wrongImports(tree: Tree): string[] {
  return sourcesOf(tree, "src/").flatMap((source) => {
    const allowed = ROOMS[roomOf(source.path)];
    if (allowed === undefined) return [`${source.path}: the import table has no such room`];
    return source.links.flatMap((link) => {
      const to = target(source, link);
      if (to === undefined || (to.startsWith("src/") && allowed.includes(roomOf(to)))) return [];
      const room = roomOf(source.path);
      return [`${source.path}:${link.line}: ${room} may not import ${to}`];
    });
  });
}

/** Every circle of imports, each told once; imports of types count. */
export function cycles(tree: Tree): string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (path: string, trail: readonly string[]): void => {
    const start = trail.indexOf(path);
    if (start >= 0) found.push(`${[...trail.slice(start), path].join(" -> ")}: a circle`);
    if (start >= 0 || done.has(path)) return;
    for (const next of neighbours(tree, path)) visit(next, [...trail, path]);
    done.add(path);
  };
  for (const path of tree.sources.keys()) visit(path, []);
  return found;
}

/** The files that the file at `path` imports or, with `loads`, starts by their URL. */
export function neighbours(tree: Tree, path: string, loads = false): string[] {
  const source = tree.sources.get(path);
  if (source === undefined) return [];
  const links = source.links.filter(({ kind }) => loads || kind !== "url");
  return links.flatMap((link) => target(source, link) ?? []);
}

/** The sources below a folder, which ends in a slash. */
export function sourcesOf(tree: Tree, folder: string): Source[] {
  return [...tree.sources.values()].filter(({ path }) => path.startsWith(folder));
}

function roomOf(path: string): string {
  return path.split("/")[1] ?? "";
}
