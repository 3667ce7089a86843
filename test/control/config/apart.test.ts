// A config that another process reads is the same as one that this process reads.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { loadApart } from "../../../src/control/config/apart.ts";
import { loadConfig, parseConfig } from "../../../src/control/config/load.ts";
import { atTop } from "./sample.ts";

function file(t: Test, text: string): string {
  const path = join(t.testdir(), "tidegate.yaml");
  writeFileSync(path, text);
  return path;
}

t.test("a good file gives the same config, frozen, with the same warnings", async (t) => {
  const path = file(t, atTop("admin: { bind: 127.0.0.1:9901 }"));
  const apart = await loadApart({ file: path });
  t.strictSame(apart, await loadConfig(path, process.env));
  t.ok(apart.ok && Object.isFrozen(apart.config) && Object.isFrozen(apart.config.listeners[0]));
});

t.test("a bad file gives the same problems", async (t) => {
  const path = file(t, atTop("admin: { bnd: 127.0.0.1:9901 }\ndrain: { delay: 5 }"));
  const apart = await loadApart({ file: path });
  t.notOk(apart.ok);
  t.strictSame(apart, await loadConfig(path, process.env));
});

t.test("a text is read as it stands: no environment gets in", async (t) => {
  const text = atTop("log: { level: $" + "{PATH} }");
  t.strictSame(await loadApart({ file: "--upstream", text }), parseConfig("--upstream", text, {}));
});

t.test("a reader that cannot run is an error that holds its last words", async (t) => {
  process.execArgv.push("--no-such-flag");
  t.teardown(() => process.execArgv.pop());
  await t.rejects(loadApart({ file: "-" }), /ended with 9: .*--no-such-flag/);
});
