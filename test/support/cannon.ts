// The thread of an `openFire` or a `steadyFire`: fires, and tells what became of each shot.
import { parentPort, workerData } from "node:worker_threads";
import { openLoad } from "../../src/cli/demo/load.ts";
import type { Shot } from "../../src/cli/demo/tally.ts";
import { systemClock, systemRandom } from "../../src/core/clock.ts";

const { load, steady } = workerData;
let over = !steady;
parentPort?.once("message", () => {
  over = true;
});
const shots: Shot[] = [];
do shots.push(...(await openLoad(load, { clock: systemClock, random: systemRandom })));
while (!over);
parentPort?.postMessage({ shots, origin: performance.timeOrigin });
parentPort?.close();
