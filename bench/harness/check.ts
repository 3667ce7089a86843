// Every contender, every scenario, once and short: are the answers right, also under load?
import type { Contender } from "./contender.ts";
import type { Field } from "./contenders.ts";
import type { Running } from "./launch.ts";
import { measureRound } from "./measure.ts";
import { startOrigin } from "./origin.ts";
import { probe } from "./probe.ts";
import type { Scenario } from "./scenarios.ts";

// Long enough for wrk to be running, and for a slow proxy's first 10 MiB; the others are for a
// machine that is busy with something else, when a thousand connections take their time.
const TRIES_SECONDS = [0.3, 2, 8];

/** Prints one line per contender and scenario, then the counts; 1 when any failed. */
export async function check(
  { present, absent }: Field,
  scenarios: readonly Scenario[],
): Promise<number> {
  const origin = await startOrigin();
  let passed = 0;
  let failed = 0;
  try {
    for (const contender of present) {
      for (const [scenario, fault] of await checkOne(contender, scenarios, origin)) {
        console.log(
          `${fault === undefined ? "ok" : "FAILED"} ${contender.name} ${scenario}${fault ?? ""}`,
        );
        if (fault === undefined) passed++;
        else failed++;
      }
    }
  } finally {
    await origin.stop();
  }
  const skipped = absent.length * scenarios.length;
  console.log(`${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
  return failed > 0 || passed === 0 ? 1 : 0;
}

async function checkOne(
  contender: Contender,
  scenarios: readonly Scenario[],
  origin: Running,
): Promise<[string, string | undefined][]> {
  const results: [string, string | undefined][] = [];
  let running: Running | undefined;
  try {
    running = await contender.start(origin);
    for (const scenario of scenarios) {
      results.push([scenario.name, await faultUnderLoad(running, scenario)]);
    }
  } catch (error) {
    results.push(["start", `: ${error instanceof Error ? error.message : error}`]);
  } finally {
    await running?.stop();
  }
  return results;
}

async function faultUnderLoad(running: Running, scenario: Scenario): Promise<string | undefined> {
  const wrong = await probe(running.port, scenario);
  if (wrong !== undefined) return `: ${wrong}`;
  for (const seconds of TRIES_SECONDS) {
    const { load, errors } = await measureRound(running, scenario, seconds);
    if (errors > 0) return `: ${errors} of ${load.requests} requests under load went wrong`;
    if (load.requests > 0) return undefined;
  }
  return ": no request under load was answered";
}
