// What does it cost to say no, beside HAProxy's `http-request return`?
import { join } from "node:path";
import { haproxy } from "./contenders/haproxy.ts";
import { sidecar } from "./contenders/tidegate.ts";
import { type Contender, commandAvailable } from "./harness/contender.ts";
import { pairedRatio, spread } from "./harness/figures.ts";
import { launchPrinting, type Running } from "./harness/launch.ts";
import { measureRound, type Round, warmUpSeconds } from "./harness/measure.ts";
import type { Options } from "./harness/options.ts";
import { portOf } from "./harness/origin.ts";
import { writeResult } from "./harness/record.ts";
import { chosenScenarios, type Scenario } from "./harness/scenarios.ts";
import { cost } from "./harness/summary.ts";
import { significant, table } from "./harness/table.ts";
import { load } from "./harness/wrk.ts";

/** Promised: at most so many times HAProxy's CPU. */
const MOST = 1.2;
/** So few of the requests are let through, where some must be. */
const ADMITTED = 0.01;

interface Lane {
  readonly name: string;
  readonly contender: Contender;
  readonly scenario: Scenario;
}

/** Works on one request at a time, for 100 ms. */
const SLOW = "/app/work?ms=100";

function lanes(): readonly Lane[] {
  const [refuse] = chosenScenarios("refuse");
  if (refuse === undefined) throw new Error("bench: there is no scenario of refusals");
  const full = sidecar("full", { cluster: ["concurrency: { limit: 1, queue: { size: 8 } }"] });
  return [
    { name: "haproxy, return", contender: haproxy, scenario: refuse },
    { name: "tidegate, no_route", contender: sidecar("open", {}), scenario: refuse },
    { name: "tidegate, shed", contender: full, scenario: { ...refuse, path: SLOW } },
  ];
}

/** 1 when a refusal of ours costs more than was promised. With --check it is not judged. */
export async function run(options: Options): Promise<number> {
  const missing = await commandAvailable("wrk", "-v");
  if (missing !== undefined) throw new Error(`bench: ${missing}`);
  const all = lanes();
  for (const { contender } of all) {
    const why = await contender.available();
    if (why !== undefined) throw new Error(`bench: ${why}`);
  }
  const rounds = await measureLanes(all, options);
  const costs = all.map(({ scenario }, at) =>
    (rounds[at] ?? []).map((each) => cost(each, scenario)),
  );
  const ratios = costs.map((own) => pairedRatio(own, costs[0] ?? []));
  const rows = all.map(({ name }, at) => {
    const { median, min, max } = spread(costs[at] ?? []);
    const ratio = ratios[at];
    const admitted = spread((rounds[at] ?? []).map(admittedOf)).median;
    return [
      ...[name, significant(median), `${significant(min)}..${significant(max)}`],
      ...[`${ratio?.median.toFixed(2)}`, `${ratio?.min.toFixed(2)}..${ratio?.max.toFixed(2)}`],
      `${(100 * admitted).toFixed(2)} %`,
    ];
  });
  const columns = ["", "CPU us/refusal", "range", "x HAProxy", "range", "let through"];
  console.log(table(columns, rows));
  console.log(`\nwritten to ${writeResult("refusal", { rounds, ratios })}`);
  const wrong = rounds.flat().some((round) => admittedOf(round) > ADMITTED);
  if (wrong) console.log("more were let through than should be, or did not come back");
  const dear = ratios.some((ratio) => ratio === undefined || ratio.median > MOST);
  return wrong || (dear && !options.check) ? 1 : 0;
}

/** The part of the requests that was not refused. */
function admittedOf({ errors, load: { requests } }: Round): number {
  return errors / requests;
}

/** The lanes in turn, A B A B. */
async function measureLanes(all: readonly Lane[], options: Options): Promise<Round[][]> {
  const { check, rounds = check ? 1 : 7, seconds = check ? 0.5 : 2 } = options;
  const file = join(import.meta.dirname, "overload/service.ts");
  const service = await launchPrinting([process.execPath, file, "1", "on"], portOf);
  const running: Running[] = [];
  const measured: Round[][] = all.map(() => []);
  try {
    for (const { contender, scenario } of all) {
      const each = await contender.start(service);
      running.push(each);
      await load(each.port, scenario, warmUpSeconds(check));
    }
    for (let round = 0; round < rounds; round++) {
      for (const [at, { scenario }] of all.entries()) {
        const each = running[at];
        if (each !== undefined) measured[at]?.push(await measureRound(each, scenario, seconds));
      }
    }
  } finally {
    await Promise.all([...running, service].map((each) => each.stop()));
  }
  return measured;
}
