// One contender before one service, both fresh, under one scenario.
import { join } from "node:path";
import type { Contender } from "../harness/contender.ts";
import { launchPrinting, type Running } from "../harness/launch.ts";
import { portOf } from "../harness/origin.ts";
import { Generator } from "./generator.ts";
import { type Scenario, timeline } from "./scenarios.ts";
import { schedule } from "./schedule.ts";
import { type Tally, tallies } from "./tally.ts";

/** How long phases of open length are, in seconds, and what is drawn by chance. */
export interface Length {
  readonly seconds: number;
  readonly seed: number;
}

/** Throws when the service or the contender does not start. */
export async function overload(
  contender: Contender,
  scenario: Scenario,
  { seconds, seed }: Length,
): Promise<Tally[]> {
  const service = await startService(scenario);
  let running: Running | undefined;
  try {
    running = await contender.start(service);
    const spans = timeline(scenario, seconds);
    const drawn = schedule(scenario, spans, seed);
    const marks = spans.map(({ from, pace }) => ({ at: from, act: () => tell(service, pace) }));
    const { patienceMs, retries } = scenario;
    const orders = { port: running.port, schedule: drawn, patienceMs, retries };
    // The first phase is at pace 1, as every service begins.
    const shots = await new Generator({ ...orders, marks: marks.slice(1) }).run();
    return tallies(shots, { scenario, kinds: drawn.kinds, spans });
  } finally {
    await running?.stop();
    await service.stop();
  }
}

function startService({ workers, works }: Scenario): Promise<Running> {
  const file = join(import.meta.dirname, "service.ts");
  return launchPrinting([process.execPath, file, String(workers), works], portOf);
}

function tell(service: Running, pace: number): void {
  fetch(`http://127.0.0.1:${service.port}/pace/${pace}`).then(
    (response) => response.text(),
    (error) => {
      throw error;
    },
  );
}
