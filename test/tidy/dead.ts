// What nobody uses: files, exported names, packages.
import { neighbours, sourcesOf } from "./imports.ts";
import { nameOf, type Source } from "./source.ts";
import { type Tree, target } from "./tree.ts";

/** Files of src that cannot be reached from src/main.ts. */
export function deadFiles(tree: Tree): string[] {
  const alive = new Set<string>();
  const visit = (path: string): void => {
    if (alive.has(path)) return;
    alive.add(path);
    for (const next of neighbours(tree, path, true)) visit(next);
  };
  visit("src/main.ts");
  const dead = sourcesOf(tree, "src/").filter(({ path }) => !alive.has(path));
  return dead.map(({ path }) => `${path}: src/main.ts does not lead to it`);
}

/** Exports of src that no other file takes. A type may also serve its own file's exports. */
export function deadExports(tree: Tree): string[] {
  const taken = new Map<string, Set<string>>();
  for (const source of tree.sources.values()) {
    // The tidy test reads every metric there is; that is no use of one.
    if (source.path === "test/tidy.test.ts") continue;
    for (const link of source.links) {
      const to = target(source, link) ?? "";
      taken.set(to, (taken.get(to) ?? new Set()).union(new Set(link.names)));
    }
  }
  return sourcesOf(tree, "src/").flatMap((source) => {
    const used = taken.get(source.path) ?? new Set();
    const unused = (name: string) => !used.has(name) && !used.has("*");
    const dead = [...valueExports(source), ...lonelyTypes(source)].filter(unused);
    return dead.map((name) => `${source.path}: nobody else uses the export "${name}"`);
  });
}

function* valueExports({ program }: Source): Generator<string> {
  for (const node of program.body) {
    if (node.type !== "ExportNamedDeclaration" || node.source) continue;
    for (const { exported } of node.specifiers) yield nameOf(exported);
    if (!node.declaration) continue;
    if (node.declaration.type !== "VariableDeclaration") yield nameOf(node.declaration.id);
    else for (const { id } of node.declaration.declarations) yield nameOf(id);
  }
}

function lonelyTypes({ code }: Source): string[] {
  const names = [...code.matchAll(/^export (?:interface|type) (\w+)/gm)].map((match) => match[1]);
  const once = (name: string) => code.split(new RegExp(`\\b${name}\\b`)).length === 2;
  return names.filter((name) => name !== undefined).filter(once);
}

/** What package.json needs to hold for this check. */
interface Manifest {
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
}

/** Programs and types that are used without being imported; types of a package are used with it. */
const TOOLS: Readonly<Record<string, RegExp>> = {
  typescript: /\btsc\b/,
  "@biomejs/biome": /\bbiome\b/,
  "@types/node": /\btsc\b/,
  "dockerfile-utils": /\bdockerfile-utils\b/,
};

/** Packages that are imported but not declared where they must be, or declared and not used. */
export function strayPackages(tree: Tree): string[] {
  const manifest: Manifest = JSON.parse(tree.texts.get("package.json") ?? "{}");
  const [runtime, development] = [manifest.dependencies ?? {}, manifest.devDependencies ?? {}];
  const shipped = packagesOf(sourcesOf(tree, "src/"));
  const everywhere = packagesOf([...tree.sources.values()]);
  const scripts = Object.values(manifest.scripts ?? {}).join("\n");
  const isTool = (name: string) =>
    TOOLS[name]?.test(scripts) ?? everywhere.has(name.replace(/^@types\//, ""));
  return [
    ...[...shipped].filter((name) => !(name in runtime)).map((n) => `${n}: src needs it declared`),
    ...[...everywhere]
      .filter((name) => !(name in runtime) && !(name in development))
      .map((name) => `${name}: imported, but not in package.json`),
    ...Object.keys(runtime)
      .filter((name) => !shipped.has(name))
      .map((name) => `${name}: in dependencies, but src does not import it`),
    ...Object.keys(development)
      .filter((name) => !everywhere.has(name) && !isTool(name))
      .map((name) => `${name}: in devDependencies, but nothing uses it`),
  ];
}

function packagesOf(sources: readonly Source[]): Set<string> {
  const bare = sources
    .flatMap(({ links }) => links.filter(({ kind }) => kind !== "url"))
    .map(({ specifier }) => /^(?:@[^/]+\/)?[^/]+/.exec(specifier)?.[0] ?? "");
  return new Set(bare.filter((name) => /^[@a-z]/.test(name) && !name.startsWith("node:")));
}
