// An open-loop load from a thread of its own: the test runner follows every promise of the thread that it
// runs in, which costs more than the load, and would be taken for latency.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Load } from "../../src/cli/demo/load.ts";
import type { Shot } from "../../src/cli/demo/tally.ts";

/** As `openLoad`, with this process's clock: resolves when the load has ended, with a shot for each request. */
export function openFire(load: Load): Promise<readonly Shot[]> {
  return shotsOf(cannon(load, false));
}

/** The same load again and again; the function that is returned waits for the end of the one that runs. */
export function steadyFire(load: Load): () => Promise<readonly Shot[]> {
  const worker = cannon(load, true);
  const shots = shotsOf(worker);
  return () => {
    worker.postMessage("stop");
    return shots;
  };
}

function cannon(load: Load, steady: boolean): Worker {
  const env = { ...process.env, NODE_OPTIONS: "" };
  const file = join(import.meta.dirname, "cannon.ts");
  return new Worker(file, { workerData: { load, steady }, execArgv: [], env });
}

async function shotsOf(worker: Worker): Promise<readonly Shot[]> {
  const [{ shots, origin }] = await once(worker, "message");
  // Each thread counts from its own beginning.
  const apart = origin - performance.timeOrigin;
  return shots.map((shot: Shot) => ({ ...shot, at: shot.at + apart }));
}
