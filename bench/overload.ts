// What is still answered when far more is asked of a service than it can do, and how soon?
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Contender } from "./harness/contender.ts";
import { presentOf } from "./harness/contenders.ts";
import { describe, machine } from "./harness/machine.ts";
import type { Options } from "./harness/options.ts";
import { writeReadme, writeResult } from "./harness/record.ts";
import { choose } from "./harness/scenarios.ts";
import { chart } from "./overload/chart.ts";
import { checkOverload } from "./overload/check.ts";
import { CONTENDERS } from "./overload/contenders.ts";
import { report, summary, verdicts } from "./overload/report.ts";
import { overload } from "./overload/run.ts";
import { SCENARIOS, type Scenario } from "./overload/scenarios.ts";
import { type Cell, LATE_MS, middle, type Tally } from "./overload/tally.ts";

const CHART = join(import.meta.dirname, "overload.svg");

/** Prints tables and writes bench/results/; 1 when something did not run or is void. */
export async function run(options: Options): Promise<number> {
  const scenarios = choose(SCENARIOS, options.scenarios, "scenario");
  const { present, absent } = await presentOf(choose(CONTENDERS, options.only, "contender"));
  for (const { name, why } of absent) console.log(`skipped: ${name}: ${why}`);
  if (options.check) return checkOverload(present);
  const whole = options.only === undefined && options.scenarios === undefined;
  if (options.record && !whole) {
    throw new Error("bench: --record takes the whole table: not with --only or --scenarios");
  }
  const rounds = options.rounds ?? 1;
  const seconds = options.seconds ?? 6;
  const where = { date: new Date().toISOString(), machine: await machine() };
  const cells = await measureAll(present, scenarios, { rounds, seconds });
  const length = `${rounds} round${rounds === 1 ? "" : "s"}, steady loads for ${seconds} s`;
  const section = [
    `Measured on ${where.date.slice(0, 10)}: ${describe(where.machine)}. ${length}.`,
    ...report(cells, scenarios),
  ].join("\n\n");
  console.log(`${section}\n`);
  for (const line of verdicts(cells)) console.log(line);
  const path = writeResult("overload", { ...where, rounds, seconds, cells });
  const picture = path.replace(/json$/, "svg");
  writeFileSync(join(import.meta.dirname, "..", picture), chart(summary(cells)));
  console.log(`\nwritten to ${path} and ${picture}`);
  if (options.record) {
    writeReadme(section, "overload");
    writeFileSync(CHART, chart(summary(cells)));
    console.log("recorded in bench/README.md and bench/overload.svg");
  }
  return cells.some(({ tally, fault }) => fault !== undefined || isVoid(tally)) ? 1 : 0;
}

function isVoid(tally: Tally | undefined): boolean {
  return tally === undefined || tally.lateP99 > LATE_MS;
}

interface Length {
  readonly rounds: number;
  readonly seconds: number;
}

/** The contenders in turn, A B A B; of several rounds the medians. */
async function measureAll(
  contenders: readonly Contender[],
  scenarios: readonly Scenario[],
  { rounds, seconds }: Length,
): Promise<Cell[]> {
  const cells: Cell[] = [];
  for (const scenario of scenarios) {
    const all: Cell[] = [];
    for (let round = 1; round <= rounds; round++) {
      console.error(`bench: ${scenario.name}, round ${round} of ${rounds}`);
      for (const contender of contenders) {
        all.push(...(await measureOne(contender, scenario, { seconds, seed: round })));
      }
    }
    cells.push(...middle(all));
  }
  return cells;
}

async function measureOne(
  contender: Contender,
  scenario: Scenario,
  length: { readonly seconds: number; readonly seed: number },
): Promise<Cell[]> {
  const of = { scenario: scenario.name, contender: contender.name };
  try {
    const tallies = await overload(contender, scenario, length);
    return tallies.map((tally) => ({ ...of, phase: tally.phase, tally, fault: undefined }));
  } catch (error) {
    const fault = error instanceof Error ? error.message : String(error);
    console.error(`bench: ${of.contender} ${of.scenario}: ${fault}`);
    return [{ ...of, phase: "", tally: undefined, fault }];
  }
}
