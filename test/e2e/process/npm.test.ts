// `npm run tidegate` is the same as `node src/main.ts`, its end included.
import { dirname, join } from "node:path";
import t, { type Test } from "tap";
import { Child } from "../../support/process.ts";

const ROOT = join(import.meta.dirname, "..", "..", "..");
const CONFIG = `health: { bind: 127.0.0.1:0 }
admin: { bind: 127.0.0.1:0 }
drain: { delay: 1s, timeout: 30s }
listeners: [{ name: inbound, bind: "127.0.0.1:0", routes: [{ cluster: app }] }]
clusters: [{ name: app, endpoints: ["127.0.0.1:1"] }]
`;

/** A sidecar that npm has started, in a process group of its own as under a shell. */
async function started(t: Test): Promise<Child> {
  const PATH = `${dirname(process.execPath)}:${process.env.PATH}`;
  const env = { PATH, HOME: process.env.HOME };
  const args = ["run", "-s", "tidegate", "--", "run", "--config", "-"];
  const child = Child.start("npm", args, { cwd: ROOT, env, stdio: "pipe", detached: true });
  t.teardown(() => {
    if (child.ended === undefined) process.kill(-child.pid, "SIGKILL");
  });
  child.process.stdin?.end(CONFIG);
  await child.says(/inbound listening/);
  return child;
}

t.test("SIGTERM to npm drains the sidecar, and npm ends when it has ended", async (t) => {
  const npm = await started(t);
  npm.process.kill("SIGTERM");
  t.equal(await npm.exit(), 0);
  t.match(npm.stderr, "tidegate run: SIGTERM: draining");
  t.match(npm.stderr, '"msg":"stopped"', "the sidecar has ended in good order");
});

t.test("Ctrl-C, which npm passes on a second time, drains it too", async (t) => {
  const npm = await started(t);
  process.kill(-npm.pid, "SIGINT");
  t.equal(await npm.exit(), 0);
  t.match(npm.stderr, "tidegate run: SIGINT: draining");
  t.match(npm.stderr, '"msg":"stopped"');
  t.notMatch(npm.stderr, "again");
});

t.test("whoever does not want to wait says it once more", async (t) => {
  const npm = await started(t);
  npm.process.kill("SIGTERM");
  await npm.bell.until(() => /draining/.test(npm.stderr) || npm.ended !== undefined);
  npm.process.kill("SIGTERM");
  t.equal(await npm.exit(), 1);
  t.match(npm.stderr, "tidegate run: SIGTERM again: stopped at once");
});
