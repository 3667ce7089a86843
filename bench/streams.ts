// What is left of 100,000 streams of HTTP/2 that were given up at every stage?
import { STAGES } from "../test/e2e/stages.ts";
import { StageStorm } from "../test/e2e/stagestorm.ts";
import type { Held } from "../test/support/inspected.ts";
import { describe, machine } from "./harness/machine.ts";
import type { Options } from "./harness/options.ts";
import { writeResult } from "./harness/record.ts";
import { mebibytes, table } from "./harness/table.ts";

const TOTAL = 100_000;
const CHECKED = 7000;
/** The first counts for nothing: what runs is compiled in it. */
const ROUNDS = 5;
/** A stream that was forgotten would be some thousands; what is compiled late is less. */
const MOST_BYTES = 25;
const MOST_BYTES_CHECKED = 200;

interface Round extends Held {
  readonly rss: number;
  readonly perSecond: number;
}

/** 1 when something was left. */
export async function run({ check }: Options): Promise<number> {
  console.log(describe(await machine()));
  const total = check ? CHECKED : TOTAL;
  const storm = await StageStorm.start();
  const rounds: Round[] = [];
  const faults: string[] = [];
  try {
    for (let i = 0; i < ROUNDS; i++) rounds.push(await roundOf(storm, total / ROUNDS));
    faults.push(...(await faultsOf(storm, total)));
  } finally {
    await storm.stop();
  }
  const rows = rounds.map(({ heap, external, rss, perSecond }, at) => [
    ...[String((total / ROUNDS) * (at + 1)), mebibytes(heap), mebibytes(external)],
    ...[mebibytes(rss), perSecond.toFixed(0)],
  ]);
  console.log(table(["streams", "heap MiB", "outside MiB", "resident MiB", "streams/s"], rows));
  const [first, last] = [rounds[0], rounds.at(-1)];
  const counted = total - total / ROUNDS;
  for (const what of ["heap", "external"] as const) {
    const each = ((last?.[what] ?? Number.NaN) - (first?.[what] ?? 0)) / counted;
    console.log(`${what}: ${each.toFixed(1)} bytes more for each stream`);
    if (!(each <= (check ? MOST_BYTES_CHECKED : MOST_BYTES))) faults.push(`${what} grows`);
  }
  console.log(`\nwritten to ${writeResult("streams", { rounds, faults })}`);
  console.log(faults.length === 0 ? "nothing was left" : `LEFT: ${faults.join("; ")}`);
  return faults.length === 0 ? 0 : 1;
}

async function roundOf(storm: StageStorm, count: number): Promise<Round> {
  const begun = performance.now();
  const held = await storm.blow(count);
  const perSecond = (count * 1000) / (performance.now() - begun);
  return { ...held, rss: storm.daemon.child.memory("VmRSS"), perSecond };
}

/** What is not as it was, in words. */
async function faultsOf(storm: StageStorm, total: number): Promise<string[]> {
  const { daemon } = storm;
  const faults = [...storm.cut];
  if (storm.over < total) faults.push(`${total - storm.over} streams never ended`);
  const open = JSON.stringify(await storm.open());
  if (open !== '{"sessions":1,"streams":0,"waiting":0}') faults.push(`at the endpoint: ${open}`);
  for (const name of ["concurrency_in_flight", "queue_depth", "downstream_floods_total"]) {
    const value = await daemon.metric(name);
    if (value !== 0) faults.push(`${name} is ${value}`);
  }
  if (!(await storm.whole())) faults.push("a window of a connection is not whole");
  console.log(`${storm.over} streams, ${Object.keys(STAGES).length} ways to an end`);
  return faults;
}
