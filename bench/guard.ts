// Has a proxied request become dearer, beside HAProxy, than what bench/recorded.json says?
import { commandAvailable } from "./harness/contender.ts";
import { BASE, field, OURS } from "./harness/contenders.ts";
import { measure } from "./harness/measure.ts";
import type { Options } from "./harness/options.ts";
import { ratiosOf, readRecorded, writeResult } from "./harness/record.ts";
import { chosenScenarios } from "./harness/scenarios.ts";
import { summarise } from "./harness/summary.ts";
import { overview } from "./harness/table.ts";
import { judge, type Verdict } from "./harness/verdict.ts";

/**
 * 0 when no ratio is more than 10 % above the recorded one, else 1. With --check the figures are too
 * short to be judged: then 0 whenever they could be measured and compared.
 */
export async function run(options: Options): Promise<number> {
  await needed();
  const recorded = readRecorded().ratios;
  let verdicts = judge(recorded, await ratios(options, options.scenarios ?? "get64,download"));
  say(verdicts);
  if (options.check) return 0;
  const worse = verdicts.filter((verdict) => !verdict.ok);
  // One measurement on a machine that others use too is a suspicion; two are a finding.
  if (worse.length > 0) {
    console.log("measured again, to be sure:");
    verdicts = judge(recorded, await ratios(options, worse.map((each) => each.scenario).join()));
    say(verdicts);
  }
  return verdicts.every((verdict) => verdict.ok) ? 0 : 1;
}

async function needed(): Promise<void> {
  const { absent } = await field(`${OURS},${BASE}`);
  const whys = [await commandAvailable("wrk", "-v"), ...absent.map(({ why }) => why)];
  const missing = whys.filter((why) => why !== undefined);
  if (missing.length > 0) throw new Error(`bench: guard cannot measure: ${missing.join("; ")}`);
}

async function ratios(options: Options, names: string): Promise<Record<string, number>> {
  const scenarios = chosenScenarios(names);
  const { present: contenders } = await field(`${OURS},${BASE}`);
  const rounds = options.check ? 1 : (options.rounds ?? 5);
  const seconds = options.check ? 0.3 : (options.seconds ?? 2);
  const cells = await measure({ contenders, scenarios, rounds, seconds, check: options.check });
  const rows = summarise(cells);
  console.log(overview(rows, scenarios));
  console.log(`written to ${writeResult("guard", { rounds, seconds, rows, cells })}`);
  return ratiosOf(rows);
}

function say(verdicts: readonly Verdict[]): void {
  for (const { scenario, measured, recorded, allowed, ok } of verdicts) {
    const figures = `${measured.toFixed(2)} x HAProxy, recorded ${recorded?.toFixed(2) ?? "none"}`;
    const bound = `at most ${allowed?.toFixed(2) ?? "unknown: record it first"}`;
    console.log(`${ok ? "ok" : "WORSE"} ${scenario}: ${figures}, ${bound}`);
  }
}
