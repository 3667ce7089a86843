// Plays scenes on two threads; the results come as they are done, and are given in the order of the jobs.
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Job, Trial } from "./trial.ts";

const THREADS = 2;
/** Requests live briefly, and there are millions. */
const YOUNG_MB = 64;

/** Rejects when one of them fails; the rest is then given up. */
export async function playAll(
  jobs: readonly Job[],
  heard: (trial: Trial) => void,
): Promise<Trial[]> {
  const trials: Trial[] = [];
  let next = 0;
  const threads = Array.from(
    { length: Math.min(THREADS, jobs.length) },
    () =>
      new Worker(new URL("thread.ts", import.meta.url), {
        resourceLimits: { maxYoungGenerationSizeMb: YOUNG_MB },
      }),
  );
  const drain = async (thread: Worker): Promise<void> => {
    for (let at = next++; at < jobs.length; at = next++) {
      const trial = await ask(thread, jobs[at] as Job);
      trials[at] = trial;
      heard(trial);
    }
  };
  try {
    await Promise.all(threads.map(drain));
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()));
  }
  return trials;
}

async function ask(thread: Worker, job: Job): Promise<Trial> {
  thread.postMessage(job);
  // Rejects when the thread fails.
  const [trial] = await once(thread, "message");
  return trial;
}
