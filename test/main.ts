// All tests: `npm test` runs this one, and it runs the others, two at a time, each in a process of its own.
import { globSync } from "node:fs";
import { join } from "node:path";
import t from "tap";

const ROOT = join(import.meta.dirname, "..");
/**
 * The two that compare latencies come first, beside one another, since neither has much to do; then those that take
 * longest, so that none of them is left for one processor alone at the end.
 */
const FIRST = [
  ...["e2e/latency", "e2e/overload"],
  ...["cli", "e2e/process", "e2e/faults", "e2e/retries", "e2e/http1", "sim", "conformance"],
];
/** Of one file, on a machine that has other things to do. */
const PATIENCE_MS = 300_000;

const files = globSync(["test/*.test.ts", "test/e2e/*.test.ts"], { cwd: ROOT }).sort();
const first = FIRST.map((name) => `test/${name}.test.ts`);
t.strictSame(
  first.filter((file) => !files.includes(file)),
  [],
  "they are there",
);

t.jobs = 2;
t.setTimeout(0);
for (const file of [...first, ...files.filter((file) => !first.includes(file))]) {
  // The runner would give each Node process below it, the sidecars too, hooks that cost it half a second of CPU.
  const words = ["-u", "NODE_OPTIONS", process.execPath, "--disable-warning=ExperimentalWarning"];
  t.spawn("env", [...words, file], { cwd: ROOT, buffered: true, timeout: PATIENCE_MS }, file);
}
