// How much memory do 1000 busy connections take, and 400 whose clients do not read?
//
// Memory grows for as long as code is being compiled and the heap finds its size: 1000 connections are
// loaded, and made anew, again and again until the peak stays where it is.
import { setTimeout as delay } from "node:timers/promises";
import { type Contender, commandAvailable } from "./harness/contender.ts";
import { field, OURS } from "./harness/contenders.ts";
import type { Running } from "./harness/launch.ts";
import { describe, machine } from "./harness/machine.ts";
import { measureRound } from "./harness/measure.ts";
import type { Options } from "./harness/options.ts";
import { startOrigin } from "./harness/origin.ts";
import { writeResult } from "./harness/record.ts";
import { chosenScenarios } from "./harness/scenarios.ts";
import { slowReaders } from "./harness/slow.ts";
import { mebibytes, table } from "./harness/table.ts";
import { usageOf } from "./harness/usage.ts";

const MEBIBYTE = 1024 * 1024;
/** More would fill the kernel's TCP memory of a small machine, some 5 MiB for each. */
const SLOW = 400;
/** Memory is steady when its peak has risen by less than `STEADY_BYTES` in so many rounds of load running. */
const STEADY_ROUNDS = 3;
const STEADY_BYTES = MEBIBYTE / 2;
/** So many there are at most: 80 s of load. */
const MOST_ROUNDS = 20;
/** Promised: resident memory, at its highest, with 1000 busy connections. */
const BUSY_BYTES = 100 * MEBIBYTE;
/** Promised: growth by connections with big heads and slow readers. */
const SLOW_BYTES = SLOW * 48 * 1024 + 64 * MEBIBYTE;

interface Memory {
  readonly contender: string;
  readonly idleBytes: number;
  readonly busyBytes: number;
  readonly busyPeakBytes: number;
  /** Growth over idle, at its highest, while nobody reads. */
  readonly slowGrowthBytes: number;
  readonly slowAnswered: number;
  readonly errors: number;
  /** How long the load had to be until memory was steady, or was given up. */
  readonly busySeconds: number;
}

/** Prints a table; 1 when the sidecar holds more than was promised, or a request went wrong. */
export async function run(options: Options): Promise<number> {
  const missing = await commandAvailable("wrk", "-v");
  if (missing !== undefined) throw new Error(`bench: ${missing}`);
  const { present, absent } = await field(options.only ?? (options.check ? OURS : undefined));
  for (const { name, why } of absent) console.log(`skipped: ${name}: ${why}`);
  console.log(describe(await machine()));
  const origin = await startOrigin();
  const results: Memory[] = [];
  try {
    for (const contender of present) {
      if (contender.name === "direct") continue;
      console.error(`bench: ${contender.name}`);
      results.push(await memoryOf(contender, origin, options));
    }
  } finally {
    await origin.stop();
  }
  console.log(`\n${report(results)}`);
  console.log(`\nwritten to ${writeResult("memory", results)}`);
  return verdict(results.find(({ contender }) => contender === OURS));
}

async function memoryOf(contender: Contender, origin: Running, options: Options): Promise<Memory> {
  const running = await contender.start(origin);
  const idleBytes = usageOf(running.pids).rssBytes;
  const busy = await busyUntilSteady(running, options).finally(() => running.stop());
  return { contender: contender.name, idleBytes, ...busy, ...(await slow(contender, origin)) };
}

type Busy = Pick<Memory, "busyBytes" | "busyPeakBytes" | "busySeconds" | "errors">;

async function busyUntilSteady(running: Running, options: Options): Promise<Busy> {
  const [scenario] = chosenScenarios("get1000");
  if (scenario === undefined) throw new Error("bench: memory needs the scenario get1000");
  const seconds = options.check ? 0.5 : (options.seconds ?? 4);
  const busy = { busyBytes: 0, busyPeakBytes: 0, busySeconds: 0, errors: 0 };
  let calm = 0;
  for (let round = 1; round <= (options.check ? 1 : MOST_ROUNDS) && calm < STEADY_ROUNDS; round++) {
    const { rssBytes, peakBytes, errors } = await measureRound(running, scenario, seconds);
    calm = peakBytes - busy.busyPeakBytes < STEADY_BYTES ? calm + 1 : 0;
    busy.busyBytes = rssBytes;
    busy.busyPeakBytes = peakBytes;
    busy.busySeconds += seconds;
    busy.errors += errors;
  }
  return busy;
}

async function slow(
  contender: Contender,
  origin: Running,
): Promise<{ slowGrowthBytes: number; slowAnswered: number }> {
  const running = await contender.start(origin);
  try {
    const before = usageOf(running.pids).rssBytes;
    const readers = await slowReaders(running.port, "/app/large", {
      count: SLOW,
      patienceMs: 10_000,
    });
    // The last of them have had their first bytes only; a second lets the buffers fill.
    await delay(1000);
    const { peakBytes } = usageOf(running.pids);
    readers.stop();
    return { slowGrowthBytes: peakBytes - before, slowAnswered: readers.answered };
  } finally {
    await running.stop();
  }
}

function report(results: readonly Memory[]): string {
  const columns = [
    "MiB resident",
    "idle",
    "1000 busy",
    "peak",
    "after s",
    "400 slow: growth",
    "errors",
  ];
  const rows = results.map((each) => [
    each.contender,
    mebibytes(each.idleBytes),
    mebibytes(each.busyBytes),
    mebibytes(each.busyPeakBytes),
    String(each.busySeconds),
    mebibytes(each.slowGrowthBytes),
    String(each.errors + SLOW - each.slowAnswered),
  ]);
  return table(columns, rows);
}

function verdict(ours: Memory | undefined): number {
  if (ours === undefined) return 0;
  const { busyPeakBytes, slowGrowthBytes, slowAnswered, errors } = ours;
  const lines = [
    [busyPeakBytes <= BUSY_BYTES, `busy peak ${mebibytes(busyPeakBytes)} MiB, at most 100`],
    [
      slowGrowthBytes <= SLOW_BYTES,
      `growth by slow readers ${mebibytes(slowGrowthBytes)} MiB, at most ${mebibytes(SLOW_BYTES)}`,
    ],
    [errors === 0 && slowAnswered === SLOW, `${slowAnswered} of ${SLOW} slow answered`],
  ] as const;
  for (const [ok, text] of lines) console.log(`${ok ? "ok" : "TOO MUCH"} ${OURS}: ${text}`);
  return lines.every(([ok]) => ok) ? 0 : 1;
}
