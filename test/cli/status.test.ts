// `tidegate status` and `tidegate events`: what they print, of whom they ask, and what they say when
// there is no answer.
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { areChanges, chosen, eventLines } from "../../src/cli/admin/eventtext.ts";
import { isState, type Paint, statusText } from "../../src/cli/admin/statustext.ts";
import { localTime, span } from "../../src/cli/admin/times.ts";
import type { ClusterState } from "../../src/control/state.ts";
import { scratch } from "../support/scratch.ts";
import { start, tidegate } from "./command.ts";
import { APP, DEAD, NOW, PLAIN, STATE, WELL } from "./states.ts";

t.test("a state is one table of listeners, and one for each cluster", async (t) => {
  t.equal(
    statusText(STATE, NOW, PLAIN),
    `tidegate 0.1.0, up 3h4m
config 0123456789ab, loaded 3h4m ago

listener  address         connections
--------  --------------  -----------
inbound   127.0.0.1:8080           12

cluster app: asks primaries, 2 in flight
30 retries left, 2 of 1000 in flight at backups
endpoint        tier     usable  load  connections  health   last probe                  breaker                    override
--------------  -------  ------  ----  -----------  -------  --------------------------  -------------------------  --------------
127.0.0.1:3000  primary  yes        2            4  healthy  ok 2s ago                   closed                     -
127.0.0.1:3001  primary  open       2            4  healthy  ok 2s ago                   open for 3s, failure_rate  open for 9m58s
10.0.0.7:80     backup   down       2            4  healthy  failed 0s ago, timeout?[2J  off                        drain
`,
  );
});

t.test("what is out of the ordinary is said, and coloured", async (t) => {
  const tagged: Paint = (style, text) => `<${style}>${text}</>`;
  const full = { ...WELL, usable: "full", probe: {} };
  const state = {
    ...STATE,
    started: "",
    draining: true,
    config: {
      ...STATE.config,
      refused: {
        at: STATE.started,
        cause: "SIGHUP",
        errors: ["a.yaml:1:1: no", "a.yaml:2:1: \x1b"],
      },
    },
    clusters: [{ ...APP, tier: "returning", endpoints: [WELL, full, DEAD] }],
  };
  const text = statusText(state, NOW, tagged);
  t.match(text, "<bold>tidegate 0.1.0</>, starting, <yellow>draining</>\n");
  t.match(
    text,
    "loaded 3h4m ago\n<red>refused 3h4m ago (SIGHUP):</>\n  a.yaml:1:1: no\n  a.yaml:2:1: ?\n\nlist",
  );
  t.match(text, "asks <yellow>primaries more and more, else backups</>, 2 in");
  t.match(text, /^127\.0\.0\.1:3000 .* ok 2s ago .*[^>]$/m, "what is well has no colour");
  t.match(text, /^<yellow>127\.0\.0\.1:3000 .* full .* - .*<\/>$/m);
  t.match(text, /^<red>10\.0\.0\.7:80 .*<\/>$/m);
});

t.test("what a service asks for itself stands beside its probe", async (t) => {
  const advice = { weight: 10, drain: true, maxConcurrency: 5 };
  const state = { ...STATE, clusters: [{ ...APP, endpoints: [{ ...WELL, advice }] }] };
  t.match(
    statusText(state, NOW, PLAIN),
    "ok 2s ago, wants to drain, weight 10, at most 5 at once  closed",
  );
});

t.test(
  "routes that hedge say after how long, once they know; no backups are no word",
  async (t) => {
    const hedges = [
      { route: "all", delayMs: 38.05 },
      { route: "new", delayMs: undefined },
    ];
    const text = statusText(
      { ...STATE, clusters: [{ ...APP, hedges, backups: undefined }] },
      NOW,
      PLAIN,
    );
    t.match(
      text,
      "\n30 retries left, all hedges after 38ms, new does not know yet when to hedge\nendpoint ",
    );
  },
);

t.test("a sidecar that protects itself says so, and what it is short of", async (t) => {
  const protection = {
    ...{ stage: "pausing", level: 1.5, resting: 0.25, delayMs: 60.4, utilisation: 0.999 },
    ...{ memory: 0.254, connections: 0.5 },
  };
  t.match(
    statusText({ ...STATE, protection }, NOW, PLAIN),
    "\nprotects itself: pausing, timers late by 60ms, busy 100%, memory 25%, connections 50%\n",
  );
  t.notMatch(
    statusText({ ...STATE, protection: { ...protection, stage: "calm" } }, NOW, PLAIN),
    "protects",
  );
});

t.test("endpoints that are spared are told", async (t) => {
  const clusters = [{ ...APP, heeds: "SHEDDABLE/3" }];
  const text = statusText({ ...STATE, clusters }, NOW, PLAIN);
  t.match(text, "2 in flight, its endpoints are spared from SHEDDABLE/3 on\n");
});

t.test("what was refused is told by reason, and what would have been apart", async (t) => {
  const refusals = [
    { reason: "queue_full", count: 2 },
    { reason: "no_endpoint", count: 30 },
  ];
  const wouldRefuse = [{ reason: "queue\x1b", count: 1 }];
  const text = (cluster: Partial<ClusterState>): string =>
    statusText({ ...STATE, clusters: [{ ...APP, ...cluster }] }, NOW, PLAIN);
  t.match(text({ refusals }), "in flight\nrefused 32: 30 no_endpoint, 2 queue_full\n30 retries");
  t.match(text({ wouldRefuse }), "in flight\nwould have refused 1: 1 queue?\n30 retries");
});

t.test("names are told with their addresses, and with what is wrong with them", async (t) => {
  const names = [
    { name: "app.test:80", addresses: 2, resolved: "2026-01-02T03:04:08.678Z", problem: undefined },
    { name: "srv:b", addresses: 0, resolved: undefined, problem: "there is no such name" },
  ];
  const text = statusText({ ...STATE, clusters: [{ ...APP, names }] }, NOW, PLAIN);
  t.match(
    text,
    `drain
name app.test:80  addresses 2  resolved 2s ago
name srv:b        addresses 0  resolved never   there is no such name
`,
  );
});

t.test("a change is one line, in columns, in the reader's own time", async (t) => {
  process.env.TZ = "Asia/Kolkata";
  const change = { cluster: "app", endpoint: "a:1", from: "closed", to: "open", reason: "forced" };
  const changes = [
    { time: "2026-01-02T00:00:00.500Z", subject: "breaker", ...change },
    { time: "2026-01-02T23:00:00.500Z", subject: "health", ...change, endpoint: "long:10" },
    { time: "2026-01-03T00:00:00.500Z", subject: "health", ...change, cluster: "b" },
  ];
  t.ok(areChanges(changes));
  t.equal(
    eventLines(changes),
    `2026-01-02T05:30:00.500+05:30  breaker  app a:1      closed -> open  forced
2026-01-03T04:30:00.500+05:30  health   app long:10  closed -> open  forced
2026-01-03T05:30:00.500+05:30  health   b a:1        closed -> open  forced
`,
  );
  const since = Date.parse("2026-01-02T23:00:00.500Z");
  t.strictSame(chosen(changes, { since, cluster: undefined }), changes.slice(1));
  t.strictSame(chosen(changes, { since, cluster: "b" }), changes.slice(2));
  process.env.TZ = "America/St_Johns";
  t.equal(localTime("2026-01-02T00:00:00.500Z"), "2026-01-01T20:30:00.500-03:30");
  t.equal(localTime("soon"), "soon");
});

t.test("spans are as long as they need to be", async (t) => {
  const spans = [-5, 0, 999, 61_999, 3_600_000, 3_661_000, 183_720_000].map(span);
  t.strictSame(spans, ["0s", "0s", "0s", "1m1s", "1h", "1h1m", "51h2m"]);
});

t.test("what is no state, and no list of changes, is found out", async (t) => {
  const others = [undefined, null, 1, "x", [], {}, { version: "1" }, { ...STATE, clusters: {} }];
  for (const other of others) t.notOk(isState(other), JSON.stringify(other));
  for (const other of [null, {}, [1], [{ time: "t" }]]) t.notOk(areChanges(other));
});

/** The path of a config whose admin listener is a unix socket that asks for a token. */
function config(t: Test): string {
  const folder = scratch();
  t.teardown(() => folder.remove());
  const file = join(folder.path, "tidegate.yaml");
  const bind = `unix:${join(folder.path, "admin")}`;
  writeFileSync(
    file,
    `health: { bind: "127.0.0.1:0" }
admin: { bind: "${bind}", token: "0123456789abcdef" }
drain: { delay: 0s }
log: { level: error }
listeners: [{ name: inbound, bind: "127.0.0.1:0", routes: [{ cluster: app }] }]
clusters: [{ name: app, endpoints: ["127.0.0.1:1"], healthCheck: off }]
`,
  );
  return file;
}

t.test("a running sidecar tells of itself, through the socket that its config names", async (t) => {
  const file = config(t);
  const sidecar = start(["run", "--config", file]);
  t.teardown(() => sidecar.kill());
  await sidecar.says(/inbound listening/);
  const [told, json, events, eventsJson] = await Promise.all(
    [["status"], ["status", "--json"], ["events"], ["events", "--json"]].map((args) =>
      tidegate([...args, "--config", file]),
    ),
  );
  t.match(told, { ended: 0, stderr: "", stdout: /^tidegate \S+, up \d+s\n/ });
  t.match(told?.stdout, /^127\.0\.0\.1:1 +primary +yes +0 +0 +unknown +- +closed +-$/m);
  t.match(JSON.parse(json?.stdout ?? ""), { clusters: [{ endpoints: [{ usable: "yes" }] }] });
  t.match(events, { ended: 0, stdout: "nothing has changed\n" });
  t.match(eventsJson, { ended: 0, stdout: "[]\n" });
  // The same without the config: the token comes from the environment, or is asked for.
  const [, bind = ""] = /listening on (unix:\S+)/.exec(sidecar.stdout) ?? [];
  const refused = await tidegate(["status", "--admin", bind]);
  t.match(refused, { ended: 1, stdout: "", stderr: /wants its token: .* TIDEGATE_ADMIN_TOKEN\n$/ });
  const environment = { TIDEGATE_ADMIN_TOKEN: "0123456789abcdef" };
  const allowed = start(["status", "--admin", bind], "", environment);
  t.equal(await allowed.exit(), 0, allowed.stderr);
  const socket = await tidegate(["run", "--config", file]);
  t.equal(socket.ended, 1, "the socket is in use");
  sidecar.process.kill("SIGTERM");
  await sidecar.exit();
  const gone = await tidegate(["status", "--config", file]);
  t.match(gone, { ended: 1, stderr: /^tidegate status: nobody listens on unix:\S+ \(E/ });
});

async function serving(t: Test, listener: RequestListener): Promise<string> {
  const server = createServer(listener).listen(0, "127.0.0.1");
  t.teardown(() => server.close());
  await once(server, "listening");
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

t.test("what answers and is no sidecar is told", async (t) => {
  const rows: readonly (readonly [RequestListener, RegExp])[] = [
    [(_, response) => response.end("{}"), /is no sidecar's admin listener/],
    [(_, response) => response.end("hello"), /answers something that is no JSON/],
    [(_, response) => response.writeHead(404).end("{}"), /answers 404: is it the admin listener\?/],
    [
      (request) => request.socket.destroy(),
      /no answer from 127\.0\.0\.1:\d+: .*\(UND_ERR_SOCKET\)/,
    ],
  ];
  for (const [listener, stderr] of rows) {
    const admin = await serving(t, listener);
    const asked = ["status", "events"].map((command) => tidegate([command, "--admin", admin]));
    for (const told of await Promise.all(asked)) t.match(told, { ended: 1, stdout: "", stderr });
  }
});

t.test("slips on the command line are told, and exit 2", async (t) => {
  const rows: readonly (readonly [args: string[], stderr: RegExp])[] = [
    [["status", "--admin", "127.0.0.1"], /--admin must have a port/],
    [["status", "--admin", "a:1", "--config", "b"], /give --admin or --config, not both/],
    [["status", "--config", "/none"], /^\/none:1:1: the config cannot be read/],
    [["events", "--since", "soon"], /--since must be a duration such as 10m/],
    [["status", "extra"], /unexpected "extra"/],
  ];
  const told = await Promise.all(rows.map(([args]) => tidegate(args)));
  for (const [at, [args, stderr]] of rows.entries()) {
    t.match(told[at], { ended: 2, stdout: "", stderr }, args.join(" "));
  }
  const anyPort = `admin: { bind: "127.0.0.1:0" }
listeners: [{ name: a, bind: "127.0.0.1:0", routes: [{ cluster: app }] }]
clusters: [{ name: app, endpoints: ["127.0.0.1:1"] }]
`;
  const { ended, stderr } = await tidegate(["status", "--config", "-"], anyPort);
  t.equal(ended, 2);
  t.match(stderr, /admin\.bind has port 0.*give --admin HOST:PORT/);
});
