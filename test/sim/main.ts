// npm run sim -- --seed N [--scenario NAME|all] [--seconds S] [--log FILE] [--golden]
import { randomInt } from "node:crypto";
import { appendFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { GOLDEN_SEED, writeGoldens } from "./golden.ts";
import { RANDOM } from "./random.ts";
import { SCENARIOS } from "./scenarios.ts";
import { play, type Run, type Scenario } from "./stage.ts";
import { summary } from "./summary.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(randomInt(2 ** 32)) },
    /** A name, `random`, which is made up from the seed, or `all` that have a name. */
    scenario: { type: "string", default: "random" },
    seconds: { type: "string" },
    log: { type: "string" },
    golden: { type: "boolean", default: false },
  },
});

if (values.golden) {
  await writeGoldens(SCENARIOS);
  console.log(`golden.json holds the digests of seed ${GOLDEN_SEED}`);
} else await playAll(chosen(values.scenario));

async function playAll(scenarios: readonly Scenario[]): Promise<void> {
  const seed = wholeNumber("seed", values.seed);
  const seconds =
    values.seconds === undefined ? {} : { seconds: wholeNumber("seconds", values.seconds) };
  const { log } = values;
  if (log !== undefined) writeFileSync(log, "");
  const write = log === undefined ? {} : { write: (text: string) => appendFileSync(log, text) };
  for (const scenario of scenarios) {
    const began = performance.now();
    const run = await play(scenario, seed, { ...seconds, ...write });
    console.log(summary(run) + speed(run, performance.now() - began));
    if (run.breaches.length > 0) process.exitCode = 1;
  }
}

function speed({ stage, events }: Run, ms: number): string {
  const requests = stage.clients.reduce((sum, each) => sum + each.requests + each.resent, 0);
  const rate = Math.round((requests / ms) * 1000);
  return `  ${events} events in ${Math.round(ms)} ms, ${rate} requests a second\n`;
}

function chosen(name: string): readonly Scenario[] {
  const all = [...SCENARIOS, RANDOM];
  const found = name === "all" ? SCENARIOS : all.filter((scenario) => scenario.name === name);
  if (found.length > 0) return found;
  const names = [...all.map((scenario) => scenario.name), "all"].join(", ");
  console.error(`--scenario ${name}: there is ${names}`);
  process.exit(2);
}

function wholeNumber(name: string, text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  console.error(`--${name} ${text}: give a whole number of at most ten digits`);
  process.exit(2);
}
