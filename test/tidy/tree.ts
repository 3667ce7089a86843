// The files of the repository, or of a made-up one.
import { readdirSync, readFileSync } from "node:fs";
import { join, posix } from "node:path";
import { type Link, readSource, type Source } from "./source.ts";

export interface Tree {
  /** What stands at the top level, folders with a slash behind. */
  readonly top: readonly string[];
  /** Every TypeScript file of src, test and bench, by its path from the top. */
  readonly sources: ReadonlyMap<string, Source>;
  /** Other files that a check reads, by name. */
  readonly texts: ReadonlyMap<string, string>;
}

const CODE = ["src", "test", "bench"];
const TEXTS = ["README.md", "package.json"];

/** A tree from file texts, keyed by path. */
export function treeOf(files: Readonly<Record<string, string>>): Tree {
  const paths = Object.keys(files);
  const top = new Set(paths.map((path) => path.replace(/\/.*/, "/")));
  const code = Object.entries(files).filter(([path]) => path.endsWith(".ts"));
  return {
    top: [...top].sort(),
    sources: new Map(code.map(([path, text]) => [path, readSource(path, text)])),
    texts: new Map(Object.entries(files).filter(([path]) => TEXTS.includes(path))),
  };
}

/** The tree on disk at `root`. */
export function readTree(root: string): Tree {
  const top = readdirSync(root, { withFileTypes: true }).map((entry) =>
    entry.isDirectory() ? `${entry.name}/` : entry.name,
  );
  const code = CODE.filter((folder) => top.includes(`${folder}/`)).flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".ts"))
      .map((path) => `${folder}/${path}`),
  );
  const files = [...code, ...TEXTS.filter((name) => top.includes(name))];
  const texts = files.map((path) => [path, readFileSync(join(root, path), "utf8")] as const);
  return { ...treeOf(Object.fromEntries(texts)), top: top.sort() };
}

/** The path that a link of `from` leads to; undefined when it leaves the repository's code. */
export function target(from: Source, link: Link): string | undefined {
  if (!/^\.\.?\//.test(link.specifier) || !link.specifier.endsWith(".ts")) return undefined;
  return posix.join(posix.dirname(from.path), link.specifier);
}
