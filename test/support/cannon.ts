// The thread of an `openFire`: fires, and tells what became of each shot.
import { parentPort, workerData } from "node:worker_threads";
import { openLoad } from "../../src/cli/demo/load.ts";
import { systemClock, systemRandom } from "../../src/core/clock.ts";

const shots = await openLoad(workerData, { clock: systemClock, random: systemRandom });
parentPort?.postMessage({ shots, origin: performance.timeOrigin });
