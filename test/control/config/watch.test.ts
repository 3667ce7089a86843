// A file that changes, in all the ways in which files do.
import { appendFileSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import t, { type Test } from "tap";
import { FileWatch } from "../../../src/control/config/watch.ts";
import { Bell } from "../../support/bell.ts";

const QUICK = { everyMs: 5, settleMs: 5 };

/** A watch that has looked for the first time. */
async function watching(t: Test, file: string) {
  const bell = new Bell();
  let calls = 0;
  const watch = new FileWatch(
    file,
    () => {
      calls++;
      bell.ring();
    },
    QUICK,
  );
  t.teardown(() => watch.close());
  const next = async (change: () => void): Promise<void> => {
    const before = calls;
    change();
    await bell.until(() => calls > before);
  };
  await next(() => {});
  return { next, watch, calls: () => calls };
}

t.test("written in place, replaced by another file, gone and back again", async (t) => {
  const folder = t.testdir({ "a.yaml": "one" });
  const file = join(folder, "a.yaml");
  const { next } = await watching(t, file);
  await next(() => appendFileSync(file, "more"));
  await next(() => {
    writeFileSync(join(folder, "new"), "two");
    renameSync(join(folder, "new"), file);
  });
  await next(() => rmSync(file));
  await next(() => writeFileSync(file, "three"));
  t.pass("each of them was noticed");
});

t.test("a ConfigMap: the link to the folder of the data is replaced", async (t) => {
  const folder = t.testdir({});
  const version = (name: string): void => {
    mkdirSync(join(folder, name));
    writeFileSync(join(folder, name, "tidegate.yaml"), name);
    symlinkSync(name, join(folder, "..data_tmp"));
    renameSync(join(folder, "..data_tmp"), join(folder, "..data"));
  };
  version("..2026_01");
  const file = join(folder, "tidegate.yaml");
  symlinkSync(join("..data", "tidegate.yaml"), file);
  const { next } = await watching(t, file);
  for (const name of ["..2026_02", "..2026_03"]) await next(() => version(name));
  await next(() => rmSync(join(folder, "..2026_03"), { recursive: true }));
  t.pass("each of them was noticed");
});

t.test("nothing is told after the end", async (t) => {
  const file = join(t.testdir({ "a.yaml": "one" }), "a.yaml");
  const first = await watching(t, file);
  const second = await watching(t, file);
  first.watch.close();
  const told = first.calls();
  await second.next(() => writeFileSync(file, "three times"));
  await second.next(() => writeFileSync(file, "four times and more"));
  t.equal(first.calls(), told);
});
