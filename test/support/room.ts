// All tests of one folder in one process.
import { globSync } from "node:fs";
import { join } from "node:path";

const TESTS = join(import.meta.dirname, "..");

/**
 * Declares the tests of `test/<name>/`, which then run one after the other. To start a process for each file costs
 * a second of CPU, which is more than many of them take; those that measure how long something takes, and how much
 * memory of their own process, have one for themselves.
 */
export async function room(name: string): Promise<void> {
  const files = globSync(`${name}/**/*.test.ts`, { cwd: TESTS }).sort();
  if (files.length === 0) throw new Error(`test/${name}/ holds no test`);
  for (const file of files) await import(join(TESTS, file));
}
