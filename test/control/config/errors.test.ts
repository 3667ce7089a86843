// What the schema objects to, in which words, and where.
import t from "tap";
import { formatProblem } from "../../../src/control/config/source.ts";
import { atTop, errorsOf, inCluster, inListener, inRoute, parse } from "./sample.ts";

type Row = readonly [text: string, ...errors: string[]];

function table(
  t: { strictSame(found: unknown, wanted: unknown, message: string): unknown },
  place: (text: string) => string,
  rows: readonly Row[],
): void {
  for (const [text, ...errors] of rows) t.strictSame(errorsOf(place(text)), errors, text);
}

t.test("unknown options are told with the one that was meant, or where they belong", async (t) => {
  table(t, atTop, [
    ["listner: []", '1:1: unknown option "listner"; did you mean "listeners"?'],
    ["log: { levl: info }", '1:8: unknown option "levl"; did you mean "level"?'],
    ["log: { verbose: true }", '1:8: unknown option "verbose"'],
    [
      "timeout: 1s",
      '1:1: unknown option "timeout"; it belongs in drain or dns or listeners[].tls.handshakes or listeners[].routes[] or clusters[].healthCheck',
    ],
    ["__proto__: 1", '1:1: unknown option "__proto__"'],
    ["toString: 1", '1:1: unknown option "toString"'],
    ["? 1\n: 2", '1:3: unknown option "1"'],
    ['"a\\u001bb": 1', '1:1: unknown option "a\\u001bb"'],
  ]);
  table(t, inRoute, [
    ["timout: 1s", '6:9: unknown option "timout"; did you mean "timeout"?'],
    ["connectTimeout: 1s", '6:9: unknown option "connectTimeout"; it belongs in clusters[]'],
    ["match: { pth: / }", '6:18: unknown option "pth"; did you mean "path"?'],
  ]);
  table(t, inListener, [
    [
      "limits: { header_bytes: 1KiB }",
      '4:15: unknown option "header_bytes"; did you mean "headerBytes"?',
    ],
  ]);
});

t.test("values of another kind are refused", async (t) => {
  const duration = "must be a duration such as 250ms, 15s or 1m30s";
  table(t, atTop, [
    ["drain: 5s", "1:8: drain must be a mapping"],
    ["drain: []", "1:8: drain must be a mapping"],
    ["drain:", "1:1: drain has no value; give it one, or remove it"],
    ["drain: { delay: }", "1:10: delay has no value; give it one, or remove it"],
    ["drain: { delay: ~ }", "1:17: delay has no value; give it one, or remove it"],
    ["drain: { delay: 5 }", `1:17: delay ${duration}; a number has no unit`],
    ["drain: { delay: 0 }", `1:17: delay ${duration}; write 0s`],
    ["drain: { delay: 5sec }", `1:17: delay ${duration}`],
    ["drain: { delay: [5s] }", `1:17: delay ${duration}`],
    ["admin: { expose: yes }", "1:18: expose must be true or false, without quotes"],
    ["admin: { expose: 1 }", "1:18: expose must be true or false"],
    ["admin: { hosts: a.b }", "1:17: hosts must be a list"],
    ["admin: { hosts: [7] }", "1:18: hosts[0] must be text; put it in quotes"],
    ["log: { sample: half }", "1:16: sample must be a number, without quotes"],
    ["log: { level: 1 }", "1:15: level must be one of debug, info, warn, error"],
    ["health: { bind: 9902 }", "1:17: bind must be host:port, [v6]:port or unix:/path"],
  ]);
  table(t, inListener, [
    ["limits: { headers: 1.5 }", "4:24: headers must be a whole number"],
    ["limits: { headers: .inf }", "4:24: headers must be a finite number"],
    ['limits: { headers: "7" }', "4:24: headers must be a number, without quotes"],
    ["limits: { uriBytes: 64KB }", "4:25: uriBytes must have its unit as B, KiB, MiB or GiB"],
    [
      "limits: { uriBytes: lots }",
      "4:25: uriBytes must be a size such as 512B, 64KiB or 1MiB, or a whole number of bytes",
    ],
    [
      "limits: { uriBytes: 1.5 }",
      "4:25: uriBytes must be a size such as 512B, 64KiB or 1MiB, or a whole number of bytes",
    ],
  ]);
});

t.test("values out of bounds are refused with the bound", async (t) => {
  table(t, atTop, [
    ["drain: { delay: 2h }", "1:17: delay must be at most 1h"],
    ["drain: { timeout: 25h }", "1:19: timeout must be at most 24h"],
    ["log: { sample: 0 }", "1:16: sample must be above 0"],
    ["log: { sample: 1.1 }", "1:16: sample must be at most 1"],
  ]);
  table(t, inListener, [
    ["limits: { headers: 0 }", "4:24: headers must be at least 1"],
    ["limits: { headers: 10001 }", "4:24: headers must be at most 10000"],
    ["limits: { idle: 0s }", "4:21: idle must be at least 1ms"],
    ["limits: { uriBytes: 63 }", "4:25: uriBytes must be at least 64B"],
    ["limits: { uriBytes: 2MiB }", "4:25: uriBytes must be at most 1MiB"],
    ["limits: { uriBytes: 8388608GiB }", "4:25: uriBytes must be at most 1MiB"],
    ["limits: { bodyBytes: -1 }", "4:26: bodyBytes must be at least 0B"],
  ]);
  table(t, inCluster, [
    ["pool: { max: 0 }", "8:18: max must be at least 1"],
    ["connectTimeout: 0ms", "8:21: connectTimeout must be at least 1ms"],
    ["responseHeaderBytes: 1B", "8:26: responseHeaderBytes must be at least 256B"],
  ]);
});

t.test("words from a list are told with the nearest", async (t) => {
  table(t, atTop, [
    [
      "log: { access: erors }",
      '1:16: access must be one of off, errors, all, sampled; did you mean "errors"?',
    ],
    ["log: { level: warning }", "1:15: level must be one of debug, info, warn, error"],
    [
      "log: { file: stdot }",
      '1:14: file must be stdout, stderr or a path with a slash in it; did you mean "stdout"?',
    ],
  ]);
});

t.test("what a route matches is checked", async (t) => {
  const token = "letters, digits and !#$%&'*+.^_`|~-";
  table(t, inRoute, [
    ["match: { path: api }", "6:24: path must start with /"],
    ['match: { path: "" }', "6:24: path must start with /"],
    [
      "match: { path: /a?b }",
      "6:24: path must be a path of printable ASCII characters, without a query or a fragment",
    ],
    [
      "match: { methods: [] }",
      "6:27: methods must name a method; leave it out to match every method",
    ],
    ["match: { methods: [GET, P T] }", `6:33: methods[1] must be a method: ${token}`],
    ["match: { methods: GET }", "6:27: methods must be a list"],
    ['match: { host: "*" }', "6:24: host would match every host; leave it out instead"],
    ["match: { host: a.b:80 }", "6:24: host must be a host without a port"],
    ["match: { headers: { a b: c } }", `6:29: a b must be a header name: ${token}`],
    ["match: { headers: { a: 1 } }", "6:32: a must be text; put it in quotes"],
    [
      "match: { headers: { a: b, A: c } }",
      "6:27: headers names the same header twice: case makes no difference",
    ],
    ["upgrades: [h2c]", "6:20: upgrades[0] must not be h2c: it is never relayed"],
    ["name: a b", "6:15: name must be 1 to 128 printable ASCII characters"],
  ]);
});

t.test("names and addresses are checked", async (t) => {
  const bad =
    "must be 1 to 63 letters, digits, dots, dashes or underscores, and start with one of the first two";
  const whole = (name: string, bind: string, endpoints: string): string =>
    `listeners: [{ name: ${name}, routes: [{ cluster: a }], bind: ${bind} }]
clusters: [{ name: a, endpoints: ${endpoints} }]
`;
  const rows: readonly (readonly [string, string, string, ...string[]])[] = [
    ["-a", "a:1", "[b:1]", `1:21: name ${bad}`],
    [
      "health",
      "a:1",
      "[b:1]",
      "1:21: name must not be health or admin: those are listeners already",
    ],
    ["a", "a", "[b:1]", "1:56: bind must have a port, as in host:port"],
    ["a", "a:1", "[]", "2:34: endpoints must hold an endpoint"],
    ["a", "a:1", "[b]", "2:35: endpoints[0] must have a port, as in host:port"],
    ["a", "a:1", "[b:0]", "2:35: endpoints[0] must name a port from 1 to 65535"],
    ["a", "a:1", "[{ address: b }]", "2:46: address must have a port, as in host:port"],
    ["a", "a:1", "[{}]", "2:35: address is missing"],
    [
      "a",
      "a:1",
      "[{ adress: b:1 }]",
      "2:35: address is missing",
      '2:37: unknown option "adress"; did you mean "address"?',
    ],
    [
      "a",
      "a:1",
      "[5]",
      "2:35: endpoints[0] must be host:port, [v6]:port, unix:/path or srv:name, or a mapping with an address",
    ],
  ];
  for (const [name, bind, endpoints, ...errors] of rows) {
    t.strictSame(errorsOf(whole(name, bind, endpoints)), errors, `${name} ${bind} ${endpoints}`);
  }
});

t.test("blocks of addresses are checked, and the one that was meant is told", async (t) => {
  table(t, inListener, [
    [
      "forwarded: { trust: [10.1.2.3/8] }",
      "4:26: trust[0] has an address with bits set beyond its prefix length; did you mean 10.0.0.0/8?",
    ],
    [
      "forwarded: { trust: [10.0.0.0/8, x] }",
      "4:38: trust[1] must be a block of addresses such as 10.0.0.0/8 or fd00::/8",
    ],
  ]);
});

t.test("a config needs a listener, a route, a cluster and an endpoint", async (t) => {
  t.strictSame(errorsOf("log: {}\n"), ["1:1: listeners is missing", "1:1: clusters is missing"]);
  t.strictSame(errorsOf("listeners: []\nclusters: []\n"), [
    "1:12: listeners must hold a listener",
    "2:11: clusters must hold a cluster",
  ]);
  t.strictSame(errorsOf("listeners: [{}]\nclusters: [{}]\n"), [
    "1:13: name is missing",
    "1:13: bind is missing",
    "1:13: routes is missing",
    "2:12: name is missing",
    "2:12: endpoints is missing",
  ]);
  t.strictSame(errorsOf("- a\n"), ["1:1: the config must be a mapping"]);
  t.strictSame(errorsOf("hello\n"), ["1:1: the config must be a mapping"]);
});

t.test("retries that cannot be are refused", async (t) => {
  const rows: readonly (readonly [retry: string, error: string])[] = [
    ["attempts: 11", "6:28: attempts must be at most 10"],
    [
      "on: [resets]",
      '6:23: on[0] must be one of connectFailure, reset, refused; did you mean "reset"?',
    ],
    ["on: reset", "6:22: on must be a list"],
    ["statuses: [200]", "6:29: statuses[0] must be at least 400"],
    [
      "perTryTimeout: 100",
      "6:33: perTryTimeout must be a duration such as 250ms, 15s or 1m30s; a number has no unit",
    ],
    ["backoff: { bas: 1s }", '6:29: unknown option "bas"; did you mean "base"?'],
  ];
  for (const [retry, error] of rows)
    t.strictSame(errorsOf(inRoute(`retry: { ${retry} }`)), [error]);
  t.strictSame(errorsOf(inCluster("retryBudget: { percent: 101, minimumPerSecond: -1 }")), [
    "8:29: percent must be at most 100",
    "8:52: minimumPerSecond must be at least 0",
  ]);
});

t.test("an option in a place that does not have it is told where it belongs", async (t) => {
  const there = 'unknown option "http2"; it belongs in listeners';
  t.match(errorsOf(inCluster("http2: off")), [`8:5: ${there}`]);
  t.match(errorsOf(atTop("retry: {}")), ['1:1: unknown option "retry"']);
});

t.test("every error is told at once, in the order of the file", async (t) => {
  const text = `drain: { delay: 5 }
listeners:
  - name: in
    bind: localhost
    routes:
      - cluster: ap
        match: { path: x }
      - cluster: app
        criticality: 1
clusters:
  - name: app
    endpoints: []
    pool: { idle: 1 }
  - name: app
    endpoints: [a:1]
`;
  const places = errorsOf(text).map((error) => error.split(": ")[0]);
  t.strictSame(places, ["1:17", "4:11", "6:18", "7:24", "9:22", "12:16", "13:19", "14:11"]);
});

t.test("an error shows its line, with a caret under what is wrong", async (t) => {
  const loaded = parse(atTop("log:\r\n\tx: 1").replace("\tx", "  levl"));
  t.equal(loaded.ok, false);
  const shown = loaded.ok ? "" : loaded.errors.map(formatProblem).join("");
  t.equal(
    shown,
    `test.yaml:2:3: unknown option "levl"; did you mean "level"?
   2 |   levl: 1
     |   ^^^^
`,
  );
});

t.test("a very long line is shown in part, with its caret still in place", async (t) => {
  const loaded = parse(atTop(`log: { ${" ".repeat(5000)}levl: 1 ${" ".repeat(5000)}}`));
  const [excerpt = ""] = loaded.ok ? [] : loaded.errors.map((error) => error.excerpt);
  const [line = "", carets = ""] = excerpt.split("\n");
  t.ok(line.length < 200);
  t.equal(line.slice(carets.indexOf("^"), carets.lastIndexOf("^") + 1), "levl");
});

t.test("control characters of the file never reach the terminal", async (t) => {
  const loaded = parse(atTop("drain: { delay: \u009b31mred\u202e }"));
  const shown = loaded.ok ? "" : loaded.errors.map(formatProblem).join("");
  t.match(shown, /delay: \?31mred\? \}/);
  t.notMatch(shown, /[\u0080-\u009f\u202e]/);
});
