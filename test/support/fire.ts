// An open-loop load from a thread of its own: the test runner follows every promise of the thread that it
// runs in, which costs more than the load, and would be taken for latency.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Load } from "../../src/cli/demo/load.ts";
import type { Shot } from "../../src/cli/demo/tally.ts";

/** As `openLoad`, with this process's clock: resolves when the load has ended, with a shot for each request. */
export async function openFire(load: Load): Promise<readonly Shot[]> {
  const env = { ...process.env, NODE_OPTIONS: "" };
  const file = join(import.meta.dirname, "cannon.ts");
  const worker = new Worker(file, { workerData: load, execArgv: [], env });
  const [{ shots, origin }] = await once(worker, "message");
  // Each thread counts from its own beginning.
  const apart = origin - performance.timeOrigin;
  return shots.map((shot: Shot) => ({ ...shot, at: shot.at + apart }));
}
