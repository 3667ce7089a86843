// What is allowed, and yet probably not meant.
import t from "tap";
import { atTop, inCluster, inListener, inRoute, warningsOf, withRoutes } from "./sample.ts";

t.test("a config at its defaults gives no warning", async (t) => {
  t.strictSame(warningsOf(atTop()), []);
});

t.test("a route that an earlier one covers can never match", async (t) => {
  const never = (line: number, by: number) =>
    `${line}:9: this route can never match: listeners[0].routes[${by}] takes all of its requests`;
  const rows: readonly (readonly [routes: string[], ...warnings: string[]])[] = [
    [["{ cluster: app }", "{ cluster: app }"], never(6, 0)],
    [
      ["{ cluster: app, match: { path: /a } }", "{ cluster: app, match: { path: /a } }"],
      never(6, 0),
    ],
    [
      [
        "{ cluster: app, match: { methods: [GET, POST] } }",
        "{ cluster: app, match: { methods: [POST] } }",
      ],
      never(6, 0),
    ],
    [
      [
        "{ cluster: app, match: { methods: [GET] } }",
        "{ cluster: app, match: { methods: [POST] } }",
        "{ cluster: app, match: { methods: [POST, GET] } }",
      ],
      never(7, 1),
    ],
    [
      [
        '{ cluster: app, match: { host: "*.A.org", headers: { X-A: b } } }',
        '{ cluster: app, match: { host: "*.a.org", headers: { x-a: b } } }',
      ],
      never(6, 0),
    ],
  ];
  for (const [routes, ...warnings] of rows) {
    t.strictSame(warningsOf(withRoutes(...routes)), warnings, routes.at(-1) ?? "");
  }
});

t.test("a route that is more specific than an earlier one is not covered", async (t) => {
  const pairs: readonly (readonly [string, string])[] = [
    ["{ path: / }", "{ path: /a }"],
    ["{ path: /a }", "{ path: /a/ }"],
    ["{ path: /a/ }", "{ path: /a }"],
    ["{ path: / }", "{ host: a.org }"],
    ['{ host: "*.org" }', '{ host: "*.a.org" }'],
    ["{ path: / }", "{ methods: [GET] }"],
    ["{ methods: [GET] }", "{ path: / }"],
    ["{ methods: [GET] }", "{ methods: [GET, POST] }"],
    ["{ path: / }", "{ headers: { a: b } }"],
    ["{ headers: { a: b } }", "{ headers: { a: c } }"],
    ["{ headers: { a: b } }", "{ headers: { a: b, c: d } }"],
    ["{ headers: { a: b } }", "{ headers: { a: b }, methods: [GET] }"],
  ];
  for (const [first, second] of pairs) {
    const routes = [first, second].map((match) => `{ cluster: app, match: ${match} }`);
    t.strictSame(warningsOf(withRoutes(...routes)), [], `${first} then ${second}`);
  }
});

t.test("routes of different listeners do not cover one another", async (t) => {
  const text = `listeners:
  - { name: a, bind: "127.0.0.1:1", routes: [{ cluster: app }] }
  - { name: b, bind: "127.0.0.1:2", routes: [{ cluster: app }] }
clusters: [{ name: app, endpoints: ["a:1"] }]
`;
  t.strictSame(warningsOf(text), []);
});

t.test("what other machines can reach is told", async (t) => {
  const everywhere = (bind: string) => atTop().replace("127.0.0.1:8080", bind);
  for (const bind of ["0.0.0.0:8080", '"[::]:8080"']) {
    t.match(warningsOf(everywhere(bind)), [/^4:11: listens on every address of this machine/]);
  }
  t.strictSame(warningsOf(everywhere("10.0.0.1:8080")), []);
  const token = "token: 0123456789abcdefg";
  t.strictSame(warningsOf(atTop(`admin: { bind: "10.0.0.1:1", expose: true, ${token} }`)), [
    "1:16: other machines can reach admin, which can stop the sidecar",
  ]);
  t.match(warningsOf(atTop("admin: { expose: true }")), [/^1:18: expose has no effect/]);
});

t.test("two binds on one port are told, and what may come of it", async (t) => {
  t.strictSame(warningsOf(atTop("health: { bind: 0.0.0.0:8080 }")), [
    "4:11: port 8080 is that of health.bind too; one of them stands for every address: listening can fail",
  ]);
  t.strictSame(warningsOf(atTop("health: { bind: 10.0.0.1:8080 }")), [
    "4:11: port 8080 is that of health.bind too; easily confused",
  ]);
  t.strictSame(
    warningsOf(atTop("health: { bind: 127.0.0.1:0 }\nadmin: { bind: 127.0.0.1:0 }")),
    [],
  );
});

t.test("a drain that is too short is told", async (t) => {
  t.match(warningsOf(atTop("drain: { delay: 10s, timeout: 5s }")), [
    /^1:31: drain\.timeout \(5s\) is shorter than drain\.delay \(10s\)/,
  ]);
  t.match(warningsOf(atTop("drain: { timeout: 10s }")), [
    /^1:19: drain\.timeout \(10s\) is shorter than the longest timeout of a route \(15s\)/,
  ]);
  t.match(warningsOf(inRoute("timeout: 1m")), [/^1:1: drain\.timeout \(30s\) is shorter/]);
  t.strictSame(warningsOf(atTop("drain: { timeout: 15s }")), []);
});

t.test("a route without a deadline, or one that is too short, is told", async (t) => {
  t.match(warningsOf(inRoute("timeout: 0s")), [/^6:18: no deadline/]);
  t.match(warningsOf(inRoute("timeout: 999ms")), [
    /^6:18: timeout \(999ms\) is shorter than the connectTimeout of its cluster \(1s\)/,
  ]);
  t.strictSame(warningsOf(inRoute("timeout: 1s")), []);
});

t.test(
  "tries that may last as long as the request, and waits without effect, are told",
  async (t) => {
    t.match(warningsOf(inRoute("retry: { perTryTimeout: 15s }")), [
      /^6:33: perTryTimeout \(15s\) is not shorter than the timeout of its route \(15s\)/,
    ]);
    t.match(warningsOf(inRoute("retry: { backoff: { base: 1s } }")), [
      /^6:18: max \(250ms\) is shorter than base \(1s\), which has no effect/,
    ]);
    t.strictSame(
      warningsOf(inRoute("retry: { perTryTimeout: 14s, backoff: { base: 250ms } }")),
      [],
    );
  },
);

t.test("matches that do not match what they seem to are told", async (t) => {
  t.match(warningsOf(inRoute("match: { path: /api/* }")), [/^6:24: \* stands for itself here/]);
  t.match(warningsOf(inRoute("match: { methods: [GET, post] }")), [
    /^6:33: methods are case-sensitive/,
  ]);
});

t.test("limits that are too small to be meant are told", async (t) => {
  t.match(warningsOf(inListener("limits: { uriBytes: 4KiB }")), [/^4:25: is below the 8000 bytes/]);
  t.match(warningsOf(inListener("limits: { bodyBytes: 10 }")), [/^4:26: .*is its unit missing/]);
  t.strictSame(warningsOf(inListener("limits: { uriBytes: 8000, bodyBytes: 10MiB }")), []);
});

t.test("trust in everybody is told", async (t) => {
  t.match(warningsOf(inListener('forwarded: { trust: [10.0.0.0/8, 0.0.0.0/0, "::/0"] }')), [
    /^4:38: trusts everybody/,
    /^4:49: trusts everybody/,
  ]);
});

t.test("idle connections that outlive the service's are told", async (t) => {
  t.match(warningsOf(inCluster("pool: { idle: 6s }")), [/^8:19: many servers close idle/]);
  t.strictSame(warningsOf(inCluster("pool: { idle: 5s }")), []);
});

t.test("a cluster that no route leads to is told", async (t) => {
  const spare = inCluster("").replace(
    "clusters:\n",
    "clusters:\n  - { name: spare, endpoints: [b:1] }\n",
  );
  t.strictSame(warningsOf(spare), ["6:13: no route leads to this cluster"]);
});
