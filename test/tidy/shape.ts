// The size and the form of files and functions, and where files may stand.
import { posix } from "node:path";
import type { AnyNode } from "acorn";
import { type Source, walk } from "./source.ts";
import type { Tree } from "./tree.ts";

export const FILE_LINES = 300;
export const FUNCTION_LINES = 60;

/** Files and functions that are too long to be one thought. */
export function tooLong(tree: Tree): string[] {
  return [...tree.sources.values()].flatMap((source) => {
    const lines = source.text.trimEnd().split("\n").length;
    const file = `${source.path}: ${lines} lines, at most ${FILE_LINES}`;
    return [...(lines > FILE_LINES ? [file] : []), ...longFunctions(source)];
  });
}

const FUNCTIONS = new Set(["FunctionDeclaration", "FunctionExpression", "ArrowFunctionExpression"]);

function longFunctions({ path, program }: Source): string[] {
  return [...walk(program)]
    .filter((node) => FUNCTIONS.has(node.type) && linesOf(node) > FUNCTION_LINES)
    .map((node) => `${path}:${node.loc?.start.line}: a function of ${linesOf(node)} lines`);
}

function linesOf({ loc }: AnyNode): number {
  return loc ? loc.end.line - loc.start.line + 1 : 0;
}

/** Default exports, re-exports (a barrel is made of them), and files named after nothing. */
export function wrongForms(tree: Tree): string[] {
  return [...tree.sources.values()].flatMap(({ path, program, links }) => [
    ...program.body
      .filter(({ type }) => type === "ExportDefaultDeclaration")
      .map(({ loc }) => `${path}:${loc?.start.line}: a default export`),
    ...links
      .filter(({ kind }) => kind === "reexport")
      .map(({ line, specifier }) => `${path}:${line}: passes on ${specifier}; import it there`),
    ...wrongNames(path),
  ]);
}

function wrongNames(path: string): string[] {
  const name = path.split("/").at(-1) ?? "";
  if (/^(?:index|utils?|helpers?|common|misc|shared)\.(?:test\.)?ts$/.test(name)) {
    return [`${path}: the name says nothing of what is in it`];
  }
  const lower = /^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.test)?\.ts$/.test(name);
  return lower ? [] : [`${path}: file names are lower-case words`];
}

const TOP = [
  "Dockerfile",
  "LICENSE",
  "README.md",
  "bench/",
  "biome.json",
  "config/",
  "package-lock.json",
  "package.json",
  "src/",
  "test/",
  "tsconfig.build.json",
  "tsconfig.json",
];
/** Made on the spot by the tools, and in no commit. */
const MADE = new Set(["dist/", "node_modules/"]);
/** Folders of test/ that mirror no folder of src/. */
const TEST_ROOMS = ["bench", "conformance", "e2e", "fuzz", "sim", "support", "tidy"];

/** What stands at the top and should not, what should and does not, and tests that mirror nothing. */
export function wrongPlaces(tree: Tree): string[] {
  const wanted = new Set(TOP);
  const present = tree.top.filter((name) => !name.startsWith(".") && !MADE.has(name));
  return [
    ...present.filter((name) => !wanted.has(name)).map((name) => `${name}: not at the top level`),
    ...[...wanted]
      .filter((name) => !present.includes(name))
      .map((name) => `${name}: missing at the top level`),
    ...strayTests(tree),
  ];
}

function strayTests(tree: Tree): string[] {
  const rooms = (top: string) =>
    new Set([...tree.sources.keys()].filter((path) => path.startsWith(top)).map(roomOf));
  const known = rooms("src/").union(new Set(TEST_ROOMS));
  return [...rooms("test/")]
    .filter((room) => room !== "" && !known.has(room))
    .map((room) => `test/${room}/: mirrors no folder of src/`);
}

/** Tests that `npm test` would leave out: in a folder that test/main.ts does not name, and that no file which it has runs. */
export function idleTests(tree: Tree): string[] {
  const main = tree.sources.get("test/main.ts")?.text ?? "";
  const named = new Set([...main.matchAll(/"([^"*]*)\/\*\.test\.ts"/g)].map(([, room]) => room));
  const tests = [...tree.sources.values()].filter(({ path }) => /^test\/.*\.test\.ts$/.test(path));
  const [run, rest] = [
    tests.filter(({ path }) => named.has(posix.dirname(path))),
    tests.filter(({ path }) => !named.has(posix.dirname(path))),
  ];
  const rooms = run.flatMap(({ text }) =>
    [...text.matchAll(/^await room\("(.*)"\);$/gm)].map(([, room]) => `test/${room}/`),
  );
  return rest
    .filter(({ path }) => !rooms.some((room) => path.startsWith(room)))
    .map(({ path }) => `${path}: no run of all tests has it`);
}

function roomOf(path: string): string {
  return path.split("/").slice(1, -1)[0] ?? "";
}
