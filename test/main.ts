// All tests: `npm test` runs this one, and it runs the others, two at a time, each in a process of its own.
import { globSync } from "node:fs";
import { join } from "node:path";
import t from "tap";

const ROOT = join(import.meta.dirname, "..");
/** It holds latencies against one another, and begins alone: beside others its services have not enough to do it with. */
const ALONE = "e2e/latency";
/** Those that take longest come next, so that none of them is left for one processor alone at the end. */
const LONG = [
  "cli",
  "e2e/process",
  "e2e/faults",
  "e2e/overload",
  "e2e/retries",
  "e2e/http1",
  "sim",
];
/** Of one file, on a machine that has other things to do. */
const PATIENCE_MS = 300_000;

const files = globSync(["test/*.test.ts", "test/e2e/*.test.ts"], { cwd: ROOT }).sort();
const [alone = "", ...long] = [ALONE, ...LONG].map((name) => `test/${name}.test.ts`);
const first = [alone, ...long];
t.strictSame(
  first.filter((file) => !files.includes(file)),
  [],
  "they are there",
);

/** Runs one file; resolves when it has ended. */
async function run(file: string): Promise<void> {
  // The runner would give each Node process below it, the sidecars too, hooks that cost it half a second of CPU.
  const words = ["-u", "NODE_OPTIONS", process.execPath, "--disable-warning=ExperimentalWarning"];
  const options = { cwd: ROOT, buffered: true, timeout: PATIENCE_MS };
  await t.spawn("env", [...words, file], options, file);
}

t.setTimeout(0);
await run(alone);
t.jobs = 2;
for (const file of [...long, ...files.filter((file) => !first.includes(file))]) void run(file);
