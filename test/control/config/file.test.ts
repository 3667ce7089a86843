// Config files as the system has them: missing, unreadable, endless.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t from "tap";
import { loadConfig } from "../../../src/control/config/load.ts";
import { atTop } from "./sample.ts";

/** The one problem with a file, as `file:line:column: message`. */
async function problemOf(file: string): Promise<string> {
  const loaded = await loadConfig(file, {});
  if (loaded.ok || loaded.errors.length !== 1) return "";
  const [problem] = loaded.errors;
  return `${problem?.file}:${problem?.line}:${problem?.column}: ${problem?.message}`;
}

t.test("a file is loaded, with the environment that was given", async (t) => {
  const file = join(t.testdir(), "tidegate.yaml");
  writeFileSync(file, atTop("log:\n  level: $" + "{LEVEL}"));
  const loaded = await loadConfig(file, { LEVEL: "warn" });
  t.match(loaded, { ok: true, config: { log: { level: "warn" } } });
});

t.test("a file that is not there, or no file, is told", async (t) => {
  const folder = t.testdir();
  mkdirSync(join(folder, "sub"));
  writeFileSync(join(folder, "plain"), "");
  const missing = join(folder, "none.yaml");
  t.match(
    await problemOf(missing),
    `${missing}:1:1: the config cannot be read: there is no such file`,
  );
  t.match(await problemOf(join(folder, "sub")), "the config cannot be read: it is a directory");
  t.match(await problemOf(join(folder, "plain", "x")), "a part of its path is not a directory");
});

t.test("a file that does not end is read up to its bound", async (t) => {
  t.equal(await problemOf("/dev/zero"), "/dev/zero:1:1: the config is larger than 256 KiB");
});

t.test("a file at the bound is read, and one byte more is not", async (t) => {
  const file = join(t.testdir(), "tidegate.yaml");
  const text = atTop();
  const filler = `#${"x".repeat(256 * 1024 - text.length - 2)}\n`;
  writeFileSync(file, text + filler);
  t.match(await loadConfig(file, {}), { ok: true });
  writeFileSync(file, `${text}${filler}#`);
  t.match(await problemOf(file), "larger than 256 KiB");
});
