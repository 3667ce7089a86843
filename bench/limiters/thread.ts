// One of the threads: is sent a job, and sends what came out of it.
import { parentPort } from "node:worker_threads";
import { type Job, tryOut } from "./trial.ts";

parentPort?.on("message", (job: Job) => parentPort?.postMessage(tryOut(job)));
