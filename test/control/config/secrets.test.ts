// What an error must never repeat: values from the environment, and secrets in the file.
import t from "tap";
import { formatProblem } from "../../../src/control/config/source.ts";
import { atTop, inListener, inRoute, parse, withRoutes } from "./sample.ts";

const CANARY = "hunter2-hunter2-hunter2";
const $ = "$";

/** Everything that is said of a config, as people see it and as programs do. */
function said(text: string, environment: Readonly<Record<string, string>> = {}): string {
  const loaded = parse(text, environment);
  const problems = loaded.ok ? loaded.warnings : loaded.errors;
  return `${problems.map(formatProblem).join("")}${JSON.stringify(problems)}`;
}

t.test("a value from the environment is repeated nowhere", async (t) => {
  const reference = `${$}{S}`;
  const texts = [
    inRoute(`timeout: ${reference}`),
    inRoute(`name: ${reference}\n      - { cluster: app, name: "${reference}" }`),
    withRoutes(`{ cluster: "${reference}" }`),
    atTop(`log:\n  access: ${reference}\n  file: ${reference}`),
    atTop(`health:\n  bind: ${reference}`),
    atTop(`admin:\n  bind: 10.0.0.1:1\n  hosts: ["${reference} "]`),
    inListener(`forwarded: { trust: ["${reference}"] }`),
    inListener(`limits: "${reference}"`),
  ];
  for (const text of texts) {
    const shown = said(text, { S: CANARY });
    t.match(shown, /test\.yaml:[0-9]+:/, "something is wrong");
    t.notMatch(shown, CANARY, text);
    t.match(shown, reference, "and the file is shown as it stands");
  }
});

t.test("a block from the environment is not told corrected", async (t) => {
  const shown = said(inListener(`forwarded: { trust: ["${$}{S}"] }`), { S: "10.1.2.3/8" });
  t.match(shown, /bits set beyond/);
  t.notMatch(shown, "10.");
});

t.test("the name of a cluster from the environment is not suggested", async (t) => {
  const text = `listeners: [{ name: in, bind: "a:1", routes: [{ cluster: hunter3 }] }]
clusters:
  - name: ${$}{S}
    endpoints: [a:1]
`;
  const shown = said(text, { S: "hunter2" });
  t.match(shown, /there is no cluster called/);
  t.notMatch(shown, "hunter2");
});

t.test("two names from the environment that are one are not told by name", async (t) => {
  const text = `listeners: [{ name: in, bind: "a:1", routes: [{ cluster: app }] }]
clusters:
  - { name: "${$}{S}", endpoints: ["a:1"] }
  - { name: "${$}{S}", endpoints: ["a:1"] }
`;
  const shown = said(text, { S: "hunter2" });
  t.match(shown, /another cluster is called \(a value from the environment\) already/);
  t.notMatch(shown, "hunter2");
});

t.test("a token in the file is masked wherever its line is shown", async (t) => {
  const texts = [
    atTop(`admin: { expsoe: true, token: ${CANARY} }`),
    atTop(`admin: { token: "${CANARY}, ${CANARY}", expsoe: true }`),
    atTop(`admin: { token: '${CANARY}', expsoe: true }`),
    atTop(`admin:\n  tokn: ${CANARY}`),
    atTop(`admin:\n  apiKey: ${CANARY} and ${CANARY}, more`),
    atTop(`admin:\n  clientSecret: "${CANARY}"`),
    atTop(`admin:\n  password : ${CANARY}`),
    atTop(`admin: { token: ${$}{X:-${CANARY}} , expsoe: true }`),
    atTop(`admin:\n  token: short ${CANARY}`),
    atTop(`admin:\n  token: "${CANARY}\n  expose: true`),
  ];
  for (const text of texts) {
    const shown = said(text);
    t.match(shown, /test\.yaml:[0-9]+:/, "something is wrong");
    t.notMatch(shown, CANARY, text);
  }
});

t.test("what is masked keeps its length, so that carets stay in place", async (t) => {
  const shown = said(atTop("admin: { token: 0123456789abcdefg, expsoe: true }"));
  t.match(
    shown,
    `   1 | admin: { token: *****************, expsoe: true }
     |                                    ^^^^^^
`,
  );
});

t.test("a reference to the environment is shown even for a secret", async (t) => {
  t.match(said(atTop(`admin:\n  token: ${$}{TOKEN}`)), `token: ${$}{TOKEN}`);
});
