// `tidegate status --watch`: what it shows, on a terminal and elsewhere, and how it ends.
import { join } from "node:path";
import t from "tap";
import { Screen } from "../../src/cli/admin/screen.ts";
import { type Moment, watchText } from "../../src/cli/admin/watchtext.ts";
import type { ClusterState } from "../../src/control/state.ts";
import { Child } from "../support/process.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { tool } from "../support/tool.ts";
import { POLITE, Upstream } from "../support/upstream.ts";
import { tidegate } from "./command.ts";
import { APP, NOW, PLAIN, STATE, WELL } from "./states.ts";

const LIMITED: ClusterState = {
  ...APP,
  concurrency: {
    ...{ mode: "enforce", limit: 16, inFlight: 16, streams: 0, waiting: 3, mostWaiting: 96 },
    threshold: "SHEDDABLE/64",
  },
  refusals: [
    { reason: "shed_priority", count: 120 },
    { reason: "queue_full", count: 5 },
  ],
};

function moment(clusters: readonly ClusterState[], at = NOW): Moment {
  return { at, state: { ...STATE, clusters } };
}

t.test("limits, what waits, refusals by reason and breakers stand in three tables", async (t) => {
  const refusals = [{ reason: "shed_priority", count: 100 }];
  const before = moment([{ ...LIMITED, refusals }], NOW - 4000);
  t.equal(
    watchText(moment([LIMITED, { ...APP, name: "b", endpoints: [WELL] }]), before, PLAIN).replace(
      /[0-9]{2}:[0-9]{2}:[0-9]{2}/,
      "TIME",
    ),
    `tidegate 0.1.0, up 3h4m, TIME

cluster  asks       limit  in flight  waiting  refuses from
-------  ---------  -----  ---------  -------  ------------
app      primaries     16          2  3 of 96  SHEDDABLE/64
b        primaries      -          2  -        -

cluster           reason         per second  in all
-------  -------  -------------  ----------  ------
app      refused  shed_priority         5.0     120
app      refused  queue_full            1.3       5

cluster  endpoint        tier     usable  health   breaker
-------  --------------  -------  ------  -------  -------------------------
app      127.0.0.1:3001  primary  open    healthy  open for 3s, failure_rate
app      10.0.0.7:80     backup   down    healthy  off
2 of 4 endpoints
`,
  );
});

t.test("at first, and after a new start, nothing is known by the second", async (t) => {
  t.match(watchText(moment([LIMITED]), undefined, PLAIN), /shed_priority +- +120\n/);
  const more = [{ reason: "shed_priority", count: 1000 }];
  const before = moment([{ ...LIMITED, refusals: more }], NOW - 1000);
  t.match(watchText(moment([LIMITED]), before, PLAIN), /shed_priority +- +120\n/);
});

t.test("where all is well it says so, and what would be refused stands apart", async (t) => {
  const well = { ...APP, endpoints: [WELL] };
  const text = watchText(moment([well]), undefined, PLAIN);
  t.match(text, "\nnothing refused\n\nall of 1 endpoints well, no breaker open\n");
  const concurrency = LIMITED.concurrency && { ...LIMITED.concurrency, mode: "report" };
  const reported = { ...well, concurrency, wouldRefuse: [{ reason: "queue_full", count: 7 }] };
  const told = watchText(moment([reported]), moment([well], NOW - 100), PLAIN);
  t.match(told, /16 \(only reported\)/);
  t.match(told, /app +would refuse +queue_full +70 +7\n/);
});

function screen(terminal: boolean, rows = 24) {
  const written: string[] = [];
  const write = (text: string): number => written.push(text);
  return { screen: new Screen({ isTTY: terminal, rows, write }), written };
}

t.test("a terminal is drawn over, and is in the end as it was", async (t) => {
  const { screen: all, written } = screen(true);
  all.end();
  t.strictSame(written, [], "nothing was done to it yet");
  all.draw("one\ntwo\n");
  all.draw("three\n");
  all.end();
  t.strictSame(written, [
    "\x1b[?25l\x1b[?7l\x1b[2J\x1b[Hone\x1b[K\ntwo\x1b[K\n\x1b[J",
    "\x1b[Hthree\x1b[K\n\x1b[J",
    "\x1b[?25h\x1b[?7h",
  ]);
  const low = screen(true, 3);
  low.screen.draw("one\ntwo\nthree\n");
  t.notMatch(low.written[0], "three", "what has no room would scroll the rest away");
});

t.test("anything else gets one text after the other", async (t) => {
  const { screen: all, written } = screen(false);
  all.draw("one\n");
  all.draw("two\n");
  all.end();
  t.strictSame(written, ["one\n", "\ntwo\n"]);
});

const MAIN = join(import.meta.dirname, "..", "..", "src", "main.ts");
/** Runs a program on a terminal of its own; what it is sent on its standard input is typed there. */
const TERMINAL = "import pty, sys; sys.exit(pty.spawn(sys.argv[1:]) >> 8)";

t.test("it goes on until it is told to end, on a terminal and without", async (t) => {
  const upstream = await Upstream.listen(POLITE);
  const sidecar = await startHere(settings(upstream.address));
  t.teardown(() => Promise.all([sidecar.close(), upstream.close()]));
  const admin = addressOf(sidecar, "admin").text;
  const command = [MAIN, "status", "--watch", "--interval", "100ms", "--admin", admin];
  const piped = Child.start(process.execPath, command);
  await piped.says(/^tidegate .*\n\ntidegate .*\n\ntidegate /ms);
  t.notMatch(piped.stdout, "\x1b");
  piped.process.kill("SIGINT");
  t.equal(await piped.exit(), 0, piped.stderr);
  const typed = Child.start(tool("python3"), ["-c", TERMINAL, process.execPath, ...command], {
    stdio: ["pipe", "pipe", "pipe"],
  });
  await typed.says(/\x1b\[\?25l.*\x1b\[H.*tidegate .*\x1b\[H.*tidegate /s);
  typed.process.stdin?.write("\x03");
  await typed.says(/\x1b\[\?25h\x1b\[\?7h/);
  typed.process.stdin?.end();
  t.equal(await typed.exit(), 0, typed.stdout);
});

t.test(
  "a sidecar that goes away is told of and waited for; one that never was is not",
  async (t) => {
    const upstream = await Upstream.listen(POLITE);
    t.teardown(() => upstream.close());
    const sidecar = await startHere(settings(upstream.address));
    const admin = addressOf(sidecar, "admin").text;
    const command = [MAIN, "status", "--watch", "--interval", "100ms", "--admin", admin];
    const child = Child.start(process.execPath, command);
    t.teardown(() => child.kill());
    await child.says(/tidegate /);
    await sidecar.close();
    await child.says(/nobody listens on .*\n\ntidegate /);
    child.process.kill("SIGTERM");
    t.equal(await child.exit(), 0);
    const never = await tidegate(["status", "--watch", "--admin", admin]);
    t.match(never, { ended: 1, stdout: "", stderr: /nobody listens on/ });
  },
);

t.test("slips are told", async (t) => {
  const rows: readonly (readonly [args: string[], stderr: RegExp])[] = [
    [["--interval", "1s"], /--interval goes with --watch/],
    [["--watch", "--json"], /give --watch or --json, not both/],
    [["--watch", "--interval", "99ms"], /--interval must be a duration from 100ms to 1h/],
    [["--watch", "--interval", "soon"], /--interval must be a duration/],
  ];
  for (const [args, stderr] of rows) {
    t.match(await tidegate(["status", ...args]), { ended: 2, stdout: "", stderr }, args.join(" "));
  }
});
