// The health checks of a cluster: their form, what is wrong and what is not meant.
import t from "tap";
import { configOf, errorsOf, inCluster, warningsOf } from "./sample.ts";

t.test("health checks are of one kind, or off", async (t) => {
  const of = (text: string) => configOf(inCluster(`healthCheck: ${text}`)).clusters[0]?.healthCheck;
  t.equal(of("off"), "off");
  t.equal(of("$" + "{HC:-off}"), "off");
  const rest = { interval: 2000, timeout: 1000, fall: 3, rise: 2 };
  const http = {
    kind: "http",
    path: "/healthz",
    method: "GET",
    headers: {},
    statuses: [{ from: 200, to: 299 }],
    body: undefined,
  };
  t.strictSame(of("{ http: {} }"), { check: http, ...rest });
  t.strictSame(of("{ grpc: {}, rise: 1 }"), {
    check: { kind: "grpc", service: "" },
    ...rest,
    rise: 1,
  });
  const own = "path: /up?deep=1, method: HEAD, headers: { Host: a.b }, statuses: [200, 300-399]";
  t.strictSame(of(`{ http: { ${own} } }`), {
    check: {
      ...http,
      path: "/up?deep=1",
      method: "HEAD",
      headers: { host: "a.b" },
      statuses: [
        { from: 200, to: 200 },
        { from: 300, to: 399 },
      ],
    },
    ...rest,
  });
});

t.test("what is wrong with a health check is told where it is", async (t) => {
  const check = (text: string) => errorsOf(inCluster(`healthCheck: ${text}`));
  const cases: Readonly<Record<string, string>> = {
    on: "8:18: healthCheck must be a mapping, or off",
    false: "8:18: healthCheck must be a mapping, or off",
    "": "8:5: healthCheck has no value; give it one, or remove it",
    "{ tcp: {}, http: {} }": "8:35: http cannot stand beside tcp: keep one kind of probe",
    "{ htp: {} }": '8:20: unknown option "htp"; did you mean "http"?',
    "{ interval: 5 }":
      "8:30: interval must be a duration such as 250ms, 15s or 1m30s; a number has no unit",
    "{ interval: 10ms }": "8:30: interval must be at least 100ms",
    "{ fall: 0 }": "8:26: fall must be at least 1",
    "{ tcp: { port: 1 } }": '8:27: unknown option "port"',
    "{ http: { path: healthz } }": "8:34: path must start with /",
    "{ http: { statuses: [2xx] } }":
      "8:39: statuses[0] must be a status or a range of them, such as 200 or 200-299",
    "{ http: { statuses: [299-200] } }": "8:39: statuses[0] must begin with the lower status",
    "{ http: { statuses: [100] } }": "8:39: statuses[0] must be at least 200",
    "{ http: { method: CONNECT } }": "8:36: method must not be CONNECT",
    "{ http: { method: HEAD, body: ok } }":
      "8:48: body cannot be found in the answer to HEAD, which has none",
  };
  for (const [text, error] of Object.entries(cases)) t.strictSame(check(text), [error], text);
  t.match(check("{ http: { headers: { Content-Length: 0 } } }")[0], /put it in quotes/);
  t.match(check('{ http: { headers: { Upgrade: "x" } } }')[0], /headers must not name connection,/);
});

t.test("probes that take longer than their interval are told", async (t) => {
  const check = (text: string) => warningsOf(inCluster(`healthCheck: { ${text} }`));
  t.match(check("timeout: 3s"), [
    /^8:29: healthCheck\.timeout \(3s\) is longer than its interval \(2s\): a probe that hangs/,
  ]);
  t.match(check("interval: 500ms"), [/^8:5: healthCheck\.timeout \(1s\)/]);
  t.strictSame(check("interval: 1s"), []);
});
