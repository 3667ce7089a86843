// What must fit together: names, addresses, and who may reach admin.
import t from "tap";
import { atTop, configOf, errorsOf, withRoutes } from "./sample.ts";

const TOKEN = "0123456789abcdef";

function two(kind: "listeners" | "clusters", first: string, second: string): string {
  const listeners = '{ name: in, bind: "a:1", routes: [{ cluster: app }] }';
  const clusters = '{ name: app, endpoints: ["a:1"] }';
  const lists = { listeners: [listeners], clusters: [clusters], [kind]: [first, second] };
  const lines = Object.entries(lists).map(
    ([name, all]) => `${name}:\n${all.map((a) => `  - ${a}\n`).join("")}`,
  );
  return lines.join("");
}

t.test("a route must lead to a cluster that there is", async (t) => {
  t.strictSame(errorsOf(withRoutes("{ cluster: ap }", "{ cluster: other }")), [
    '5:20: there is no cluster called "ap"; did you mean "app"?',
    '6:20: there is no cluster called "other"',
  ]);
});

t.test("an unknown cluster is told even when much else is wrong", async (t) => {
  const errors = errorsOf(withRoutes("{ cluster: ap, timeout: 1, criticality: 1 }"));
  t.strictSame(
    errors.map((error) => error.split(" ")[0]),
    ["5:20:", "5:33:", "5:49:"],
  );
});

t.test("two of a kind cannot have one name", async (t) => {
  const listener = (bind: string) => `{ name: in, bind: "${bind}", routes: [{ cluster: app }] }`;
  t.strictSame(errorsOf(two("listeners", listener("a:1"), listener("a:2"))), [
    '3:13: another listener is called "in" already, on line 2',
  ]);
  const cluster = '{ name: app, endpoints: ["a:1"] }';
  t.strictSame(errorsOf(two("clusters", cluster, cluster)), [
    '5:13: another cluster is called "app" already, on line 4',
  ]);
  t.strictSame(errorsOf(withRoutes("{ cluster: app, name: x }", "{ cluster: app, name: x }")), [
    '6:31: another route is called "x" already, on line 5',
  ]);
});

t.test("one address is listened on once", async (t) => {
  const listener = (name: string, bind: string) =>
    `{ name: ${name}, bind: "${bind}", routes: [{ cluster: app }] }`;
  t.strictSame(errorsOf(two("listeners", listener("a", "a:1"), listener("b", "a:1"))), [
    '3:22: bind "a:1" is taken already, by listeners[0].bind',
  ]);
  t.strictSame(errorsOf(two("listeners", listener("a", "unix:/x"), listener("b", "unix:/x"))), [
    '3:22: bind "unix:/x" is taken already, by listeners[0].bind',
  ]);
  t.strictSame(errorsOf(two("listeners", listener("a", "0.0.0.0:9902"), listener("b", "a:1"))), [
    '2:22: bind "0.0.0.0:9902" is taken already, by health.bind',
  ]);
  t.strictSame(errorsOf(atTop("health: { bind: 127.0.0.1:9901 }")), [
    '1:17: bind "127.0.0.1:9901" is taken already, by admin.bind',
  ]);
  t.ok(configOf(two("listeners", listener("a", "a:0"), listener("b", "a:0"))));
});

t.test("admin is open to other machines only when that is said twice", async (t) => {
  const open = (rest: string) => errorsOf(atTop(`admin: { bind: 10.0.0.1:9901${rest} }`));
  const said = (missing: string) => [
    `1:16: admin would be open to other machines, which needs ${missing}; or bind it to 127.0.0.1`,
  ];
  t.strictSame(open(""), said("expose: true and a token"));
  t.strictSame(open(", expose: true"), said("a token"));
  t.strictSame(open(`, token: ${TOKEN}x`), said("expose: true"));
  t.strictSame(open(`, expose: false, token: ${TOKEN}x`), said("expose: true"));
  t.strictSame(open(`, expose: true, token: ${TOKEN}x`), []);
  t.strictSame(open(", expose: true, token: short"), [
    "1:52: token must be 16 to 1024 printable ASCII characters, without spaces",
  ]);
  for (const bind of ["127.0.0.2:1", "localhost:1", '"[::1]:1"', "unix:/x"]) {
    t.ok(configOf(atTop(`admin: { bind: ${bind} }`)), bind);
  }
  for (const bind of ["0.0.0.0:1", '"[::]:1"', "admin.example.org:1"]) {
    t.match(errorsOf(atTop(`admin: { bind: ${bind} }`)), [/open to other machines/], bind);
  }
});
