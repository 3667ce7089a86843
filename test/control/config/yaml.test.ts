// YAML itself: what is no YAML, and what is YAML but no config.
import t from "tap";
import { parseConfig } from "../../../src/control/config/load.ts";
import { atTop, configOf, errorsOf, inRoute } from "./sample.ts";

t.test("what is not YAML is told, with what was probably meant", async (t) => {
  const $ = "$";
  const rows: readonly (readonly [string, RegExp])[] = [
    ["log:\n\tlevel: info", /^2:1: a line must be indented with spaces, not with tabs$/],
    ["log: { level: info", /^2:1: not valid YAML: flow map/],
    ['log: { file: "/a }', /not valid YAML: missing closing "quote/],
    ["log: !x { level: info }", /^1:6: tags such as !name mean nothing here; remove it$/],
    ["log: @x", /^1:6: not valid YAML: plain value cannot start with reserved character @$/],
    [
      `drain: { delay: ${$}{A} }`,
      /^1:18: not valid YAML: .*; inside \[ \] or \{ \}, .* needs quotes$/,
    ],
    ["health:\n  bind: [::1]:8080", /^2:14: not valid YAML: .*; an IPv6 address needs quotes$/],
    ["admin:\n  hosts:\n    - *.a", /^3:7: .*a value that begins with \* needs quotes: "\*\.a"$/],
    ["log: 1: 2", /^1:6: not valid YAML: nested mappings/],
  ];
  for (const [text, error] of rows) t.match(errorsOf(atTop(text))[0], error, text);
});

t.test("one line has one syntax error: the others are its echo", async (t) => {
  const lines = errorsOf(atTop("drain: { a: [::1]:8080, b: [::1]:80 }")).map(
    (e) => e.split(":")[0],
  );
  t.strictSame(lines, [...new Set(lines)]);
});

t.test("a key that is given twice is told with the first", async (t) => {
  t.strictSame(errorsOf(inRoute("timeout: 1s\n        timeout: 2s")), [
    '7:9: "timeout" is given twice; the first is on line 6',
  ]);
  t.strictSame(errorsOf(inRoute('match: { path: /, "path": / }')), [
    '6:27: "path" is given twice; the first is on line 6',
  ]);
});

t.test("a key must be a word", async (t) => {
  t.strictSame(errorsOf(atTop("? [a]\n: 1")), ["1:3: a key must be a plain word"]);
  t.strictSame(errorsOf(atTop("? { a: b }\n: 1")), ["1:3: a key must be a plain word"]);
});

t.test("a config is one document of YAML 1.2, and not an empty one", async (t) => {
  const empty = '1:1: the config is empty; "tidegate init" prints one to start from';
  for (const text of ["", "\n\n", "# only a comment\n", "---\n", "~\n"]) {
    t.strictSame(errorsOf(text), [empty], JSON.stringify(text));
  }
  t.strictSame(errorsOf(`${atTop()}---\nlog: {}\n`), [
    "9:1: a config is one YAML document; a second one begins here",
  ]);
  t.strictSame(errorsOf(`%YAML 1.1\n---\n${atTop()}`), [
    "1:1: a config is YAML 1.2; remove the %YAML line",
  ]);
  t.ok(configOf(`%YAML 1.2\n---\n${atTop()}`));
  t.ok(configOf(`${atTop()}...\n`));
});

t.test("yes and on are words, as YAML 1.2 has it", async (t) => {
  t.equal(configOf(inRoute("match: { headers: { a: yes, b: on } }")).listeners.length, 1);
  t.match(errorsOf(atTop("admin: { expose: on }")), [/must be true or false/]);
});

t.test("what is not UTF-8 is refused; a byte order mark is not", async (t) => {
  const latin1 = parseConfig("test.yaml", Buffer.from("# caf\xe9\n", "latin1"), {});
  t.match(latin1, { ok: false, errors: [{ message: /not UTF-8 text/, line: 1, column: 1 }] });
  const marked = Buffer.from(`\ufeff${atTop("# é")}`);
  t.equal(parseConfig("test.yaml", marked, {}).ok, true);
});

t.test("columns count what an editor counts", async (t) => {
  t.match(errorsOf(atTop('log: { file: "/é😀", levl: 1 }')), [/^1:22: unknown option "levl"/]);
});

t.test("anchors can be used, and an error in one is told where it stands", async (t) => {
  const text = `listeners:
  - name: a
    bind: a:1
    routes: &routes
      - cluster: app
        timeout: 3s
  - { name: b, bind: "b:1", routes: *routes }
clusters:
  - { name: app, endpoints: ["a:1"] }
`;
  t.strictSame(
    configOf(text).listeners.map(({ routes }) => routes[0]?.timeout),
    [3000, 3000],
  );
  const errors = errorsOf(text.replace("3s", "x"));
  t.strictSame([...new Set(errors)].length, 1);
  t.match(errors[0], /^6:18: timeout must be a duration/);
});

t.test("aliases cannot make a small file large", async (t) => {
  const levels = ["a: &a [x, x, x, x, x, x, x, x, x, x]"];
  for (const name of "bcdef") {
    const below = String.fromCharCode(name.charCodeAt(0) - 1);
    levels.push(`${name}: &${name} [${`*${below}, `.repeat(10)}]`);
  }
  t.match(errorsOf(levels.join("\n")), [/the config is too large: 32 levels/]);
  t.match(errorsOf("a: &a [*a]\n"), [/the config is too large/]);
  t.match(errorsOf(`a: &a 1\nb: [${"*a, ".repeat(101)}]\n`), [/100 aliases are the most/]);
});

t.test("depth and brackets are bounded before anything is parsed", async (t) => {
  t.match(errorsOf("[".repeat(100_000)), [
    "1:65: the config is nested too deeply, or has too many brackets",
  ]);
  t.match(errorsOf("- ".repeat(100_000)), [/^1:129: the config is nested too deeply/]);
  t.match(errorsOf(`[${"[],".repeat(100_000)}`), [/too many brackets/]);
  t.match(errorsOf(`${" ".repeat(3)}a: "${"[".repeat(1000)}"\n`), [/is missing|unknown option/]);
});
