import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import t from "tap";
import { run } from "../../src/cli/run.ts";
import { Command, tidegate } from "./command.ts";

const CONTROL =
  "health: { bind: 127.0.0.1:0 }\nadmin: { bind: 127.0.0.1:0 }\nlog: { level: error }\n";

/** A config on ports that nobody else has, and an endpoint that is never asked. */
function config(drain: string, bind = "127.0.0.1:0"): string {
  return `${CONTROL}drain: ${drain}
listeners: [{ name: inbound, bind: "${bind}", routes: [{ cluster: app }] }]
clusters: [{ name: app, endpoints: ["127.0.0.1:1"] }]
`;
}

/** A sidecar of its own process, which does not outlive the test. */
function start(t: { teardown(action: () => unknown): unknown }, text: string): Command {
  const command = new Command(["run", "--config", "-"]);
  t.teardown(async () => {
    command.send("SIGKILL");
    await command.ended();
  });
  command.input(text);
  return command;
}

const AT_ONCE = "{ delay: 0s, timeout: 15s }";

t.test("it says on one line each what it listens on, and takes connections there", async (t) => {
  const command = start(t, config(AT_ONCE));
  await command.says("stdout", /inbound listening on .*\n/);
  const lines = command.stdout.trimEnd().split("\n").toSorted();
  t.match(lines, [
    /^admin listening on 127\.0\.0\.1:[1-9][0-9]*$/,
    /^health listening on 127\.0\.0\.1:[1-9][0-9]*$/,
    /^inbound listening on 127\.0\.0\.1:[1-9][0-9]*$/,
  ]);
  const port = Number(lines[2]?.split(":").at(-1));
  const socket = connect(port, "127.0.0.1");
  await once(socket, "connect");
  socket.destroy();
});

t.test("SIGTERM and SIGINT drain, and it exits 0", async (t) => {
  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    const command = start(t, config(AT_ONCE));
    await command.says("stdout", /inbound listening/);
    command.send(signal);
    t.equal(await command.ended(), 0, signal);
    t.match(command.stderr, `tidegate run: ${signal}: draining; once more stops at once\n`);
  }
});

t.test("a second signal stops it at once, with exit code 1", async (t) => {
  const command = start(t, config("{ delay: 1h, timeout: 2h }"));
  await command.says("stdout", /inbound listening/);
  command.send("SIGTERM");
  await command.says("stderr", /draining/);
  command.send("SIGINT");
  t.equal(await command.ended(), 1);
  t.match(command.stderr, "tidegate run: SIGINT again: stopped at once\n");
});

t.test("SIGHUP does not end it: reload is of a later version", async (t) => {
  const command = start(t, config(AT_ONCE));
  await command.says("stdout", /inbound listening/);
  command.send("SIGHUP");
  await command.says("stderr", /SIGHUP is ignored: reload is not available yet/);
  command.send("SIGTERM");
  t.equal(await command.ended(), 0);
});

t.test("a bad config is told with every error on stderr, and exits 2", async (t) => {
  const bad = config("{ delay: 5 }").replace("cluster: app", "cluster: ap");
  const { ending, stdout, stderr } = await tidegate(["run", "--config", "-"], bad);
  t.strictSame([ending, stdout], [2, ""]);
  t.match(stderr, /^<stdin>:4:17: delay must be a duration/m);
  t.match(stderr, /^<stdin>:5:\d+: there is no cluster called "ap"; did you mean "app"\?/m);
  const missing = await tidegate(["run", "--config", "/none/x.yaml"]);
  t.match(missing, { ending: 2, stderr: /^\/none\/x\.yaml:1:1: the config cannot be read/ });
});

t.test("the environment is that of the process", async (t) => {
  const file = join(t.testdir(), "tidegate.yaml");
  writeFileSync(file, config("{ delay: 0s }").replace("127.0.0.1:1", "$" + "{UPSTREAM}"));
  const { ending, stderr } = await tidegate(["run", "--config", file]);
  t.equal(ending, 2);
  t.match(stderr, /the environment variable UPSTREAM is not set/);
  const command = new Command(["run", "--config", file], { UPSTREAM: "127.0.0.1:1" });
  await command.says("stdout", /inbound listening/);
  command.send("SIGTERM");
  t.equal(await command.ended(), 0);
});

t.test("warnings are told on stderr, and it runs all the same", async (t) => {
  const command = start(t, config("{ delay: 0s, timeout: 1s }"));
  await command.says("stdout", /inbound listening/);
  t.match(command.stderr, /^<stdin>:4:\d+: warning: drain\.timeout \(1s\) is shorter/m);
  command.send("SIGTERM");
  t.equal(await command.ended(), 0);
});

t.test("an address that is taken is told in one line, and exits 1", async (t) => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : undefined;
  const text = config(AT_ONCE, `127.0.0.1:${port}`);
  const { ending, stderr } = await tidegate(["run", "--config", "-"], text);
  t.equal(ending, 1);
  const lines = stderr.split("\n").filter((line) => line.startsWith("tidegate run: "));
  t.strictSame(lines, [
    `tidegate run: cannot listen on 127.0.0.1:${port}: something else listens there already; ` +
      "stop it, or choose another bind (EADDRINUSE)",
  ]);
  t.notMatch(stderr, /\n {4}at /, "and without a stack");
});

t.test("a socket in a directory that is not there is told, and exits 1", async (t) => {
  const text = config(AT_ONCE, "unix:/no-such-directory/x.sock");
  const { ending, stderr } = await tidegate(["run", "--config", "-"], text);
  t.equal(ending, 1);
  t.match(stderr, /cannot listen on unix:\/.*: its directory does not exist, or this user may not/);
});

t.test("slips in the flags are told before anything is started", async (t) => {
  const slips: readonly (readonly [args: string[], message: string])[] = [
    [[], "give --config FILE or --upstream HOST:PORT"],
    [["--confg", "x"], 'unknown flag "--confg"; did you mean "--config"?'],
    [["tidegate.yaml"], 'unexpected "tidegate.yaml"'],
    [["--config", "x", "--upstream", "a:1"], "give --config or --upstream, not both"],
    [
      ["--config", "x", "--listen", "a:1"],
      "--listen goes with --upstream; with --config, the file says where",
    ],
    [["--upstream", "a"], "--upstream must have a port, as in host:port"],
    [["--upstream", "a:1", "--listen", "b"], "--listen must have a port, as in host:port"],
    [
      ["--upstream", "a:1", "--backup", "b:1"],
      "--backup is not available yet in this version; remove it",
    ],
  ];
  for (const [args, message] of slips) {
    await t.rejects(run(args), { name: "UsageError", message }, args.join(" "));
  }
  const refused = await tidegate(["run", "--upstream", "a:1", "--backup", "b:1"]);
  t.match(refused, {
    ending: 2,
    stdout: "",
    stderr: /^tidegate run: --backup is not available yet/,
  });
});
