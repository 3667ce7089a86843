import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import t, { type Test } from "tap";
import { run } from "../../src/cli/run.ts";
import type { Child } from "../support/process.ts";
import { start, tidegate } from "./command.ts";

const CONTROL =
  "health: { bind: 127.0.0.1:0 }\nadmin: { bind: 127.0.0.1:0 }\nlog: { level: error }\n";

/** A config on ports that nobody else has, and an endpoint that is never asked. */
function config(drain: string, bind = "127.0.0.1:0"): string {
  return `${CONTROL}drain: ${drain}
listeners: [{ name: inbound, bind: "${bind}", routes: [{ cluster: app }] }]
clusters: [{ name: app, endpoints: ["127.0.0.1:1"] }]
`;
}

/** A sidecar with this config, which does not outlive the test. */
function running(t: Test, text: string): Child {
  const child = start(["run", "--config", "-"], text);
  t.teardown(() => child.kill());
  return child;
}

const AT_ONCE = "{ delay: 0s, timeout: 15s }";

t.test("it says on one line each what it listens on, and takes connections there", async (t) => {
  const command = running(t, config(AT_ONCE));
  await command.says(/inbound listening on .*\n/);
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
    const command = running(t, config(AT_ONCE));
    await command.says(/inbound listening/);
    command.process.kill(signal);
    t.equal(await command.exit(), 0, signal);
    t.match(command.stderr, `tidegate run: ${signal}: draining; once more stops at once\n`);
  }
});

t.test("a second signal stops it at once, with exit code 1", async (t) => {
  const command = running(t, config("{ delay: 1h, timeout: 2h }"));
  await command.says(/inbound listening/);
  command.process.kill("SIGTERM");
  await command.bell.until(() => /draining/.test(command.stderr) || command.ended !== undefined);
  command.process.kill("SIGINT");
  t.equal(await command.exit(), 1);
  t.match(command.stderr, "tidegate run: SIGINT again: stopped at once\n");
});

t.test("SIGHUP does not end it, and without a file says that there is none", async (t) => {
  const command = running(t, config(AT_ONCE));
  await command.says(/inbound listening/);
  command.process.kill("SIGHUP");
  const refused = /this sidecar has no config file that could be read again/;
  await command.bell.until(() => refused.test(command.stderr) || command.ended !== undefined);
  command.process.kill("SIGTERM");
  t.equal(await command.exit(), 0);
});

t.test("a bad config is told with every error on stderr, and exits 2", async (t) => {
  const bad = config("{ delay: 5 }").replace("cluster: app", "cluster: ap");
  const { ended, stdout, stderr } = await tidegate(["run", "--config", "-"], bad);
  t.strictSame([ended, stdout], [2, ""]);
  t.match(stderr, /^<stdin>:4:17: delay must be a duration/m);
  t.match(stderr, /^<stdin>:5:\d+: there is no cluster called "ap"; did you mean "app"\?/m);
  const missing = await tidegate(["run", "--config", "/none/x.yaml"]);
  t.match(missing, { ended: 2, stderr: /^\/none\/x\.yaml:1:1: the config cannot be read/ });
});

t.test("the environment is that of the process", async (t) => {
  const file = join(t.testdir(), "tidegate.yaml");
  writeFileSync(file, config("{ delay: 0s }").replace("127.0.0.1:1", "$" + "{UPSTREAM}"));
  const { ended, stderr } = await tidegate(["run", "--config", file]);
  t.equal(ended, 2);
  t.match(stderr, /the environment variable UPSTREAM is not set/);
  const command = start(["run", "--config", file], "", { UPSTREAM: "127.0.0.1:1" });
  t.teardown(() => command.kill());
  await command.says(/inbound listening/);
  command.process.kill("SIGTERM");
  t.equal(await command.exit(), 0);
});

t.test("warnings are told on stderr, and it runs all the same", async (t) => {
  const command = running(t, config("{ delay: 0s, timeout: 1s }"));
  await command.says(/inbound listening/);
  t.match(command.stderr, /^<stdin>:4:\d+: warning: drain\.timeout \(1s\) is shorter/m);
  command.process.kill("SIGTERM");
  t.equal(await command.exit(), 0);
});

t.test("an address that is taken is told in one line, and exits 1", async (t) => {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.teardown(() => server.close());
  const bound = server.address();
  const port = typeof bound === "object" ? bound?.port : undefined;
  const text = config(AT_ONCE, `127.0.0.1:${port}`);
  const { ended, stderr } = await tidegate(["run", "--config", "-"], text);
  t.equal(ended, 1);
  const lines = stderr.split("\n").filter((line) => line.startsWith("tidegate run: "));
  t.strictSame(lines, [
    `tidegate run: cannot listen on 127.0.0.1:${port}: something else listens there already; ` +
      "stop it, or choose another bind (EADDRINUSE)",
  ]);
  t.notMatch(stderr, /\n {4}at /, "and without a stack");
});

t.test("a socket in a directory that is not there is told, and exits 1", async (t) => {
  const text = config(AT_ONCE, "unix:/no-such-directory/x.sock");
  const { ended, stderr } = await tidegate(["run", "--config", "-"], text);
  t.equal(ended, 1);
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
    [["--upstream", "a:1", "--backup", "b"], "--backup must have a port, as in host:port"],
    [
      ["--config", "x", "--backup", "b:1"],
      "--backup goes with --upstream; with --config, the file says where",
    ],
  ];
  for (const [args, message] of slips) {
    await t.rejects(run(args), { name: "UsageError", message }, args.join(" "));
  }
  const refused = await tidegate(["run", "--upstream", "a:1", "--backup", "b"]);
  t.match(refused, { ended: 2, stdout: "", stderr: /^tidegate run: --backup must have a port/ });
});
