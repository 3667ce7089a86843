// How much CPU do probes, breakers, balancing, retries, hedges, backups and fallbacks add to a request
// that needs none of them?
import { sidecar } from "./contenders/tidegate.ts";
import { type Contender, commandAvailable } from "./harness/contender.ts";
import { pairedRatio, spread } from "./harness/figures.ts";
import { type Cell, measure } from "./harness/measure.ts";
import type { Options } from "./harness/options.ts";
import { startOrigin } from "./harness/origin.ts";
import { writeResult } from "./harness/record.ts";
import { chosenScenarios } from "./harness/scenarios.ts";
import { cost } from "./harness/summary.ts";

/** Promised: at most so many times the CPU of the path without policies. */
const MOST = 1.05;

/**
 * 0 when the median of the ratios is within what is promised, else 1. With --check the figures are too short to
 * be judged: then 0 whenever they could be measured and all answers were right.
 */
export async function run(options: Options): Promise<number> {
  const missing = await commandAvailable("wrk", "-v");
  if (missing !== undefined) throw new Error(`bench: ${missing}`);
  const others = await Promise.all([startOrigin(), startOrigin()]);
  try {
    const contenders = lanes(others.map(({ port }) => port));
    const why = await contenders[0]?.available();
    if (why !== undefined) throw new Error(`bench: ${why}`);
    const within = await compared(contenders, options);
    // One measurement on a machine that others use too is a suspicion; two are a finding.
    if (within || options.check) return 0;
    console.log("measured again, to be sure:");
    return (await compared(contenders, options)) ? 0 : 1;
  } finally {
    await Promise.all(others.map((other) => other.stop()));
  }
}

const RETRIES = "attempts: 2, statuses: [502, 503, 504]";
/** At p99 one request in a hundred is sent twice, whatever hedging costs the others: told, and not judged. */
const AT_P99 = "hedging at p99";
/** What the ratio is where there is no difference: of the same thing twice. */
const AGAIN = "without once more";
const TOLD: readonly string[] = [AT_P99, AGAIN];

/** All before the same two origins: another process on the machine costs more than all policies. */
function lanes([second, backup]: readonly number[]): readonly Contender[] {
  const ports = second === undefined ? [] : [second];
  const cluster = [
    "healthCheck: { http: { path: /app/small } }",
    `backups: [127.0.0.1:${backup}]`,
    "fallback: { status: 503, body: sorry }",
  ];
  const hedging = (delay: string) => [`retry: { ${RETRIES}, hedge: { delay: ${delay} } }`];
  const without = {
    ports,
    route: ["retry: { attempts: 0 }"],
    cluster: ["healthCheck: off", "breaker: off"],
  };
  return [
    sidecar("without", without),
    sidecar(AGAIN, without),
    sidecar("with", { ports, cluster, route: [`retry: { ${RETRIES} }`] }),
    sidecar("hedging as well", { ports, cluster, route: hedging("5s") }),
    sidecar(AT_P99, { ports, cluster, route: hedging("p99") }),
  ];
}

async function compared(contenders: readonly Contender[], options: Options): Promise<boolean> {
  const scenarios = chosenScenarios(options.scenarios ?? "get64");
  const rounds = options.check ? 1 : (options.rounds ?? 60);
  const seconds = options.check ? 0.3 : (options.seconds ?? 0.6);
  const cells = await measure({ contenders, scenarios, rounds, seconds, check: options.check });
  console.log(`written to ${writeResult("policies", { rounds, seconds, cells })}`);
  let within = true;
  for (const scenario of scenarios) {
    const [without, ...others] = cells.filter((cell) => cell.scenario === scenario);
    for (const cell of others) {
      const ratio = told(cell, costsOf(cell), without === undefined ? [] : costsOf(without));
      if (!TOLD.includes(cell.contender)) within &&= ratio <= MOST;
    }
  }
  return within;
}

/** Throws when there is anything wrong with it. */
function costsOf({ contender, scenario, rounds, fault }: Cell): readonly number[] {
  const errors = rounds.reduce((sum, round) => sum + round.errors, 0);
  const wrong = fault ?? (errors > 0 ? `${errors} errors` : undefined);
  if (wrong !== undefined) throw new Error(`bench: ${contender} ${scenario.name}: ${wrong}`);
  return rounds.map((round) => cost(round, scenario));
}

/** Prints a line, and gives the median of the ratios. */
function told({ contender, scenario }: Cell, costs: readonly number[], base: readonly number[]) {
  const ratio = pairedRatio(costs, base);
  if (ratio === undefined) throw new Error("bench: there is no round to compare");
  const [before, after] = [spread(base).median.toFixed(2), spread(costs).median.toFixed(2)];
  const unit = scenario.bulk ? "us/MiB" : "us/request";
  const range = `${ratio.min.toFixed(3)} to ${ratio.max.toFixed(3)}`;
  const figures = `${before} ${unit} without policies, ${after} ${contender}`;
  console.log(`${scenario.name}: ${figures}: x ${ratio.median.toFixed(3)} (${range})`);
  return ratio.median;
}
