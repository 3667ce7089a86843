import fc from "fast-check";
import t from "tap";
import { type Environment, expand } from "../../../src/control/config/environment.ts";
import { atTop, configOf, errorsOf, holds, inCluster, inListener, inRoute } from "./sample.ts";

const ENVIRONMENT: Environment = { A: "1", EMPTY: "", NESTED: "$" + "{A}", A_1: "x" };

// A dollar sign before a brace, which a linter would take for a slip in a plain string.
const $ = "$";

t.test("references are replaced, and everything else is left alone", async (t) => {
  const written: readonly (readonly [string, string])[] = [
    ["plain", "plain"],
    [`${$}{A}`, "1"],
    [`a${$}{A}b${$}{A_1}c`, "a1bxc"],
    [`${$}{NONE:-d}`, "d"],
    [`${$}{NONE:-}`, ""],
    [`${$}{EMPTY:-d}`, "d"],
    [`${$}{EMPTY}`, ""],
    [`${$}{A:-d}`, "1"],
    [`${$}{NONE:-a:-b}`, "a:-b"],
    [`${$}${$}{A}`, `${$}{A}`],
    ["$A $ $$ }{", "$A $ $$ }{"],
    [`${$}{NESTED}`, `${$}{A}`],
  ];
  for (const [text, expanded] of written) {
    t.strictSame(expand(text, ENVIRONMENT).text, expanded, text);
    t.strictSame(expand(text, ENVIRONMENT).problems, [], text);
  }
});

t.test("a reference that cannot be read is a problem, and told with its part", async (t) => {
  for (const part of [`${$}{}`, `${$}{1A}`, `${$}{A-b}`, `${$}{A`, `${$}{A:=b}`, `${$}{ A }`]) {
    t.match(expand(`x${part}`, ENVIRONMENT).problems, [
      { part: part.endsWith("}") ? part : `${$}{` },
    ]);
  }
  t.match(expand(`${$}{B:-${$}{A}}`, ENVIRONMENT).problems, [{ message: /is \$\{NAME\}/ }]);
});

t.test("text without a dollar sign is never changed", async (t) => {
  holds(
    t,
    fc.property(fc.string(), (text) => {
      const plain = text.replaceAll("$", "");
      const { text: after, expanded, problems } = expand(plain, ENVIRONMENT);
      return after === plain && !expanded && problems.length === 0;
    }),
  );
});

t.test("a value is typed as YAML would type it, unless it is quoted", async (t) => {
  const text = inListener(`limits:\n      headers: ${$}{N}\n      uriBytes: ${$}{SIZE:-9KiB}`);
  const { limits } = configOf(text, { N: "7" }).listeners[0] ?? {};
  t.match(limits, { headers: 7, uriBytes: 9216 });
  t.strictSame(errorsOf(inListener(`limits: { headers: "${$}{N}" }`), { N: "7" }), [
    "4:24: headers must be a number, without quotes",
  ]);
  t.strictSame(
    errorsOf(inRoute(`match:\n          headers:\n            a: ${$}{N}`), { N: "7" }),
    ["8:16: a must be text; put it in quotes"],
  );
  const exposed = atTop(`admin:\n  expose: ${$}{YES}`);
  t.equal(configOf(exposed, { YES: "true" }).admin.expose, true);
});

t.test("a value can never become structure", async (t) => {
  const text = inRoute(`match:\n          host: ${$}{HOST}`);
  for (const value of ["a\ncluster: b", "{ a: 1 }", "[a]", "*a", "&a b", "!t x", "a: b", "# x"]) {
    t.strictSame(errorsOf(text, { HOST: value }).length, 1, value);
    t.match(errorsOf(text, { HOST: value })[0], /^7:17: host m/, value);
  }
});

t.test("an unset variable is an error at its place, and the only one there", async (t) => {
  t.strictSame(errorsOf(inCluster(`connectTimeout: 1${$}{UNIT}`)), [
    `8:22: the environment variable UNIT is not set; set it, or give a default: ${$}{UNIT:-…}`,
  ]);
  t.strictSame(errorsOf(atTop(`log:\n  level: ${$}{A}\n  file: "/${$}{B}/${$}{C}"`)), [
    `2:10: the environment variable A is not set; set it, or give a default: ${$}{A:-…}`,
    `3:11: the environment variable B is not set; set it, or give a default: ${$}{B:-…}`,
    `3:16: the environment variable C is not set; set it, or give a default: ${$}{C:-…}`,
  ]);
});

t.test("a name that cannot be read hides no cluster that a route leads to", async (t) => {
  const text = `listeners: [{ name: a, bind: "a:1", routes: [{ cluster: app }] }]
clusters:
  - name: ${$}{APP}
    endpoints: [a:1]
`;
  t.strictSame(errorsOf(text).length, 1);
  t.match(errorsOf(text)[0], /^3:11: the environment variable APP/);
});

t.test("keys are never expanded", async (t) => {
  t.match(errorsOf(atTop(`"${$}{A}": 1`), { A: "log" }), [/^1:1: unknown option/]);
});

t.test("an empty value is told from a missing one", async (t) => {
  const errors = errorsOf(atTop(`drain:\n  delay: ${$}{D}`), { D: "" });
  t.strictSame(errors, ["2:10: delay has no value; give it one, or remove it"]);
});
