// The checks of tidy.test.ts, on made-up trees that break each habit: a check must be able to fail.
import t from "tap";
import { deadExports, deadFiles, strayPackages } from "./dead.ts";
import { cycles, wrongImports } from "./imports.ts";
import { idleTests, tooLong, wrongForms, wrongPlaces } from "./shape.ts";
import { treeOf } from "./tree.ts";
import { bannedWords } from "./words.ts";

const CLEAN = {
  "src/main.ts": '#!/usr/bin/env node\nimport { run } from "./cli/run.ts";\nrun();\n',
  "src/cli/run.ts":
    'import { startSidecar } from "../sidecar.ts";\nexport function run(): void { startSidecar(); }\n',
  "src/sidecar.ts":
    'import type { Clock } from "./core/clock.ts";\nexport function startSidecar(clock?: Clock) { return clock; }\n',
  "src/core/clock.ts":
    "export interface Clock { now(): number }\nconst real: Clock = { now: () => performance.now() };\nconsole.log(real);\n",
};

/** What a check says of the clean tree with some files changed. */
function found(check: (tree: ReturnType<typeof treeOf>) => string[], files: object): string[] {
  return check(treeOf({ ...CLEAN, ...files }));
}

t.test("nothing is found where nothing is wrong", async (t) => {
  for (const check of [wrongImports, cycles, deadFiles, deadExports, bannedWords, tooLong]) {
    t.strictSame(found(check, {}), [], check.name);
  }
  t.strictSame(found(wrongForms, {}), []);
});

t.test("an import against the table is found, be it of types alone or dynamic", async (t) => {
  const core = { "src/core/a.ts": 'import type { X } from "../policy/limit.ts";\n' };
  t.strictSame(found(wrongImports, core), [
    "src/core/a.ts:1: core may not import src/policy/limit.ts",
  ]);
  const policy = { "src/policy/a.ts": '\nconst a = import("../proxy/serve.ts");\n' };
  t.strictSame(found(wrongImports, policy), [
    "src/policy/a.ts:2: policy may not import src/proxy/serve.ts",
  ]);
  const cli = { "src/cli/a.ts": 'import { type A, b } from "../http1/body.ts";\n' };
  t.strictSame(found(wrongImports, cli), ["src/cli/a.ts:1: cli may not import src/http1/body.ts"]);
});

t.test("an import of a test and a folder outside the table are found", async (t) => {
  const test = { "src/core/a.ts": 'import { x } from "../../test/x.ts";\n' };
  t.strictSame(found(wrongImports, test), ["src/core/a.ts:1: core may not import test/x.ts"]);
  t.strictSame(found(wrongImports, { "src/stuff/a.ts": "" }), [
    "src/stuff/a.ts: the import table has no such room",
  ]);
});

t.test("a circle is found through any number of files, once", async (t) => {
  const files = {
    "src/core/a.ts": 'import { b } from "./b.ts";\n',
    "src/core/b.ts": 'import type { c } from "./c.ts";\n',
    "src/core/c.ts": 'import { a } from "./a.ts";\n',
  };
  t.strictSame(found(cycles, files), [
    "src/core/a.ts -> src/core/b.ts -> src/core/c.ts -> src/core/a.ts: a circle",
  ]);
});

t.test(
  "a file that main.ts does not lead to is found, but not one that is started by URL",
  async (t) => {
    const dead = { "src/core/lost.ts": "" };
    t.strictSame(found(deadFiles, dead), ["src/core/lost.ts: src/main.ts does not lead to it"]);
    const started = {
      "src/main.ts": 'import "./cli/run.ts";\nnew URL("./core/lost.ts", import.meta.url);\n',
      "src/core/lost.ts": "",
    };
    t.strictSame(found(deadFiles, started), []);
  },
);

t.test("an export that nobody takes is found; one that only a test takes is not", async (t) => {
  const files = {
    "src/core/a.ts":
      "export const one = 1, two = 2;\nexport class Three {}\nexport type Four = 4;\nexport interface Five { a: 1 }\nexport const six: Five[] = [];\n",
    "test/core/a.test.ts": 'import { one, six } from "../../src/core/a.ts";\n',
  };
  const unused = (name: string) => `src/core/a.ts: nobody else uses the export "${name}"`;
  t.strictSame(found(deadExports, files), ["two", "Three", "Four"].map(unused));
});

t.test("a package that is missing, shipped for nothing or left over is found", async (t) => {
  const files = {
    "package.json":
      '{ "scripts": { "check": "tsc" }, "dependencies": { "yaml": "1", "zod": "1" }, "devDependencies": { "tap": "1", "typescript": "1", "left": "1", "@types/left": "1", "@types/tap": "1" } }',
    "src/core/a.ts": 'import "tap";\nimport "yaml/deep";\nimport "node:fs";\n',
    "test/a.test.ts": 'import "@scope/gone/deep";\n',
  };
  t.strictSame(found(strayPackages, files), [
    "tap: src needs it declared",
    "@scope/gone: imported, but not in package.json",
    "zod: in dependencies, but src does not import it",
    "left: in devDependencies, but nothing uses it",
    "@types/left: in devDependencies, but nothing uses it",
  ]);
});

t.test("a policy that waits or asks the time is found, also in its types", async (t) => {
  const said = (text: string) => found(bannedWords, { "src/policy/a.ts": text }).length;
  for (const text of [
    "async function f() {}",
    "const f = (x: Promise<void>) => x;",
    "const x = Date.parse(a);",
    "const x = process.pid;",
    'console.log("x");',
    'import "node:fs";',
    "queueMicrotask(f);",
  ]) {
    t.equal(said(text), 1, text);
  }
  t.equal(said('// a Promise\n/* async */ const a = "process" + /await/.source + `Date`;'), 0);
  t.equal(said("interface A { /** a Promise */ a: 'async' } const b = a.process;"), 0);
});

t.test("real time and chance are found anywhere but in clock.ts", async (t) => {
  const said = (path: string, text: string) => found(bannedWords, { [path]: text }).length;
  t.equal(said("src/control/a.ts", "const a = new Date();"), 1);
  t.equal(said("src/control/a.ts", "const a = new Date(clock.wall());"), 0);
  t.equal(said("src/cli/a.ts", "const a = Math.random();"), 1);
  t.equal(said("src/core/clock.ts", "const a = Math.random();"), 0);
  t.equal(said("src/proxy/a.ts", "setTimeout(() => {}, 1);"), 1);
  t.equal(said("src/proxy/a.ts", "socket.setTimeout(1);"), 0);
  t.equal(said("src/sidecar.ts", "setInterval(() => {}, 1);"), 0);
  t.equal(said("src/proxy/a.ts", 'import "node:crypto";'), 1);
  t.equal(said("src/proxy/a.ts", 'import { STATUS_CODES } from "node:http";'), 1);
  t.equal(said("src/proxy/a.ts", 'import { scheduler } from "node:timers/promises";'), 1);
});

t.test("sleeping, skipping and unfinished work are found in tests", async (t) => {
  const said = (text: string) => found(bannedWords, { "test/a.test.ts": text }).length;
  const glue = (...parts: string[]) => parts.join("");
  for (const text of [
    "await sleep(1);",
    "setTimeout(f, 1);",
    't.skip("x");',
    't.test("x", { todo: true }, f);',
    'import { scheduler } from "node:timers/promises";',
    glue("// TO", "DO: later"),
    glue("// @ts-", "ignore"),
    "const a: any = 1;",
    "const a = b as unknown as C;",
  ]) {
    t.equal(said(text), 1, text);
  }
  t.equal(said("// any word\nconst a = Promise.any([]);"), 0);
});

t.test("a banned word is told with its line", async (t) => {
  const files = { "src/core/a.ts": "const a = 1;\n\nconst b = Math.random();\n" };
  t.match(found(bannedWords, files)[0], /^src\/core\/a\.ts:3: "Math\.random"/);
});

t.test("a file of 301 lines and a function of 61 are found, one less is not", async (t) => {
  const lines = (count: number) => "\n".repeat(count - 1);
  t.equal(found(tooLong, { "src/core/a.ts": `${lines(301)}a;` }).length, 1);
  t.equal(found(tooLong, { "src/core/a.ts": `${lines(300)}a;` }).length, 0);
  t.strictSame(found(tooLong, { "src/core/a.ts": `\nclass A { m() {${lines(61)}} }` }), [
    "src/core/a.ts:2: a function of 61 lines",
  ]);
  t.equal(found(tooLong, { "src/core/a.ts": `const f = () => {${lines(60)}};` }).length, 0);
});

t.test("default exports, barrels and names that say nothing are found", async (t) => {
  const said = (path: string, text = "") => found(wrongForms, { [path]: text }).length;
  t.equal(said("src/core/a.ts", "export default 1;"), 1);
  t.equal(said("src/core/a.ts", 'export * from "./clock.ts";'), 1);
  t.equal(said("src/core/a.ts", 'export type { Clock } from "./clock.ts";'), 1);
  t.equal(said("src/core/a.ts", "export const a = 1;"), 0);
  for (const name of ["index", "utils", "Clock", "my_clock"])
    t.equal(said(`src/core/${name}.ts`), 1);
});

t.test("a stray at the top level and a test that mirrors nothing are found", async (t) => {
  const extra = { "notes.txt": "", "test/stuff/a.test.ts": "", "test/core/a.test.ts": "" };
  const all = found(wrongPlaces, extra);
  t.ok(all.includes("notes.txt: not at the top level"));
  t.ok(all.includes("README.md: missing at the top level"));
  t.ok(all.includes("test/stuff/: mirrors no folder of src/"));
  t.notOk(all.some((line) => line.includes("test/core/")));
});

t.test("a test that no run of all tests has", async (t) => {
  const files = {
    "test/main.ts": 'globSync(["test/*.test.ts", "test/e2e/*.test.ts"]);\n',
    "test/policy.test.ts": 'await room("policy");\n',
    "test/policy/a.test.ts": "",
    "test/e2e/a.test.ts": 'await room("e2e/tls");\n',
    "test/e2e/tls/a.test.ts": "",
    "test/e2e/http/a.test.ts": "",
    "test/core/a.test.ts": 'await room("proxy");\n',
    "test/proxy/a.test.ts": "",
    "test/core/a.ts": "",
  };
  t.strictSame(
    found(idleTests, files),
    ["e2e/http", "core", "proxy"].map(
      (room) => `test/${room}/a.test.ts: no run of all tests has it`,
    ),
  );
});
