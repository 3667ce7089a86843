// What does a proxied request cost, beside HAProxy, nginx, the Node proxies and no proxy at all?
import { check } from "./harness/check.ts";
import { commandAvailable } from "./harness/contender.ts";
import { type Field, field } from "./harness/contenders.ts";
import { describe, type Machine, machine } from "./harness/machine.ts";
import { measure } from "./harness/measure.ts";
import type { Options } from "./harness/options.ts";
import {
  ratiosOf,
  writeFrontPage,
  writeReadme,
  writeRecorded,
  writeResult,
} from "./harness/record.ts";
import { chosenScenarios, type Scenario } from "./harness/scenarios.ts";
import { type Row, summarise } from "./harness/summary.ts";
import { details, overview } from "./harness/table.ts";

/** Measures, prints tables and writes bench/results/; 1 when a cell has errors. */
export async function run(options: Options): Promise<number> {
  const missing = await commandAvailable("wrk", "-v");
  if (missing !== undefined) throw new Error(`bench: ${missing}`);
  const whole = options.only === undefined && options.scenarios === undefined;
  if (options.record && !whole) {
    throw new Error("bench: --record takes the whole table: not with --only or --scenarios");
  }
  const scenarios = chosenScenarios(options.scenarios);
  const { present, absent } = await field(options.only);
  for (const { name, why } of absent) console.log(`skipped: ${name}: ${why}`);
  if (options.check) return check({ present, absent }, scenarios);
  const rounds = options.rounds ?? 5;
  const seconds = options.seconds ?? 2;
  const where = { date: new Date().toISOString(), machine: await machine() };
  const cells = await measure({ contenders: present, scenarios, rounds, seconds, check: false });
  const rows = summarise(cells);
  const circumstances = { ...where, rounds, seconds, absent };
  const section = report(rows, scenarios, circumstances);
  console.log(section);
  console.log(`\nwritten to ${writeResult("path", { ...where, rounds, seconds, rows, cells })}`);
  if (options.record) {
    writeRecorded({ ...where, ratios: ratiosOf(rows) });
    writeReadme(section, "table");
    writeFrontPage(summary(rows, scenarios, circumstances));
    console.log("recorded in README.md, bench/README.md and bench/recorded.json");
  }
  return rows.some(({ fault, figures }) => fault !== undefined || figures?.errors !== 0) ? 1 : 0;
}

interface Circumstances {
  readonly date: string;
  readonly machine: Machine;
  readonly rounds: number;
  readonly seconds: number;
  readonly absent: Field["absent"];
}

/** What was measured where, and the CPU of everybody in one table. */
function summary(
  rows: readonly Row[],
  scenarios: readonly Scenario[],
  { date, machine: where, rounds, seconds, absent }: Circumstances,
): string {
  const skipped = absent.map(({ name, why }) => `\nSkipped: ${name}: ${why}.`).join("");
  return [
    `Measured on ${date.slice(0, 10)}: ${describe(where)}. ${rounds} rounds of ${seconds} s.${skipped}`,
    overview(rows, scenarios),
  ].join("\n\n");
}

function report(
  rows: readonly Row[],
  scenarios: readonly Scenario[],
  circumstances: Circumstances,
): string {
  return [
    summary(rows, scenarios, circumstances),
    ...scenarios.flatMap((each) => [`**${each.name}**: ${each.title}`, details(rows, each)]),
  ].join("\n\n");
}
