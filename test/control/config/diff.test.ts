// What is said of the difference between two configs.
import t from "tap";
import { parse as parseYaml } from "yaml";
import { differences, printDifference } from "../../../src/control/config/diff.ts";

function diff(from: string, to: string): readonly string[] {
  return differences(parseYaml(from), parseYaml(to)).map(printDifference);
}

t.test("values that differ are shown as they are written", async (t) => {
  t.strictSame(diff("drain: { delay: 5s, timeout: 30s }", "drain: { delay: 1m, timeout: 30s }"), [
    "~ drain.delay: 5s -> 1m",
  ]);
  t.strictSame(diff("admin: { expose: false }", "admin: { expose: true }"), [
    "~ admin.expose: false -> true",
  ]);
  t.strictSame(diff("a: 1", "a: 1 # said otherwise"), []);
});

t.test("what is new, and what is gone", async (t) => {
  t.strictSame(diff("drain: { delay: 5s }", "log: { level: warn }"), [
    '+ log: {"level":"warn"}',
    '- drain: {"delay":"5s"}',
  ]);
});

t.test("members of a list are known by their names", async (t) => {
  const one = "clusters: [{ name: a, connectTimeout: 1s }, { name: b }]";
  t.strictSame(diff(one, "clusters: [{ name: c }, { name: a, connectTimeout: 2s }]"), [
    '+ clusters.c: {"name":"c"}',
    "~ clusters.a.connectTimeout: 1s -> 2s",
    '- clusters.b: {"name":"b"}',
  ]);
});

t.test("endpoints are known by their addresses, in either form", async (t) => {
  t.strictSame(diff("endpoints: [a:1, b:1]", "endpoints: [b:1, c:1]"), [
    "+ endpoints: c:1",
    "- endpoints: a:1",
  ]);
  t.strictSame(
    diff("endpoints: [{ address: a:1, weight: 1 }]", "endpoints: [{ address: a:1, weight: 2 }]"),
    ["~ endpoints.a:1.weight: 1 -> 2"],
  );
});

t.test("routes without a name are known by their paths", async (t) => {
  t.strictSame(
    diff(
      "routes: [{ cluster: a }, { match: { path: /x }, cluster: a }, { match: { path: /x, host: h }, cluster: a }]",
      "routes: [{ cluster: a }, { match: { path: /x }, cluster: b }, { match: { path: /x, host: i }, cluster: a }]",
    ),
    ["~ routes./x.cluster: a -> b", "~ routes./x#2.match.host: h -> i"],
  );
});

t.test("another order is a difference, and one more member is no other order", async (t) => {
  t.strictSame(diff("routes: [{ name: a }, { name: b }]", "routes: [{ name: b }, { name: a }]"), [
    "~ routes (order): a, b -> b, a",
  ]);
  t.equal(
    diff("routes: [{ name: a }, { name: b }]", "routes: [{ name: c }, { name: a }, { name: b }]")
      .length,
    1,
  );
});

t.test("secrets are not shown, and that they have changed is", async (t) => {
  const canary = "canary-7f3a";
  const config = (secret: string): string => `
admin: { token: ${secret} }
clusters:
  - name: app
    healthCheck: { http: { path: "/h?key=${secret}", headers: { x-key: ${secret} }, body: ${secret} } }
    endpoints: ["user:${secret}@host:1"]
`;
  const changed = diff(config(`${canary}a`), config(`${canary}b`));
  t.equal(changed.length, 6);
  const others = [diff("a: 1", config(canary)), diff(config(canary), "a: 1")].flat();
  t.notMatch([...changed, ...others].join("\n"), canary);
  t.ok(changed.includes("~ admin.token: (hidden) -> (hidden)"));
});

t.test("what is long is cut, and nothing reaches a terminal that moves it", async (t) => {
  const [line = ""] = diff("a: x", `a: "${"y".repeat(10_000)}"`);
  t.ok(line.length < 250);
  t.strictSame(diff('a: "b"', 'a: "\\e[2J"'), ["~ a: b -> ?[2J"]);
});
