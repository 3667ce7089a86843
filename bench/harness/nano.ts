// Nanoseconds per operation of our own code, without sockets. The least of the rounds is what it
// costs when nothing else runs; a median far above it says that something else did.
import { type Spread, spread } from "./figures.ts";
import { describe, machine } from "./machine.ts";
import type { Options } from "./options.ts";
import { writeResult } from "./record.ts";
import { significant, table } from "./table.ts";

/** Something to be timed. */
export interface Operation {
  readonly name: string;
  /**
   * Does it once and gives a number that depends on what was done, so that the compiler cannot
   * leave it out. Throws when the result is wrong.
   */
  readonly work: () => number;
}

/** Long enough that a batch pays its share of the garbage collection too. */
const BATCH_NANOS = 20e6;
const ROUNDS = 31;

/** Times every operation, in turn and round by round, and prints a table; resolves to 0. */
export async function timeAll(
  question: string,
  operations: readonly Operation[],
  options: Options,
): Promise<number> {
  const rounds = options.check ? 3 : (options.rounds ?? ROUNDS);
  console.log(describe(await machine()));
  const results = nanoseconds(operations, rounds);
  const rows = [...results].map(([name, { median, min }]) => [
    name,
    significant(min),
    significant(median),
    significant(1e3 / min),
  ]);
  console.log(table([question, "ns/operation", "median", "million/s"], rows));
  console.log(`written to ${writeResult(question, Object.fromEntries(results))}`);
  return 0;
}

/** Nanoseconds per operation over `rounds` rounds; the operations take turns, A B A B. */
function nanoseconds(operations: readonly Operation[], rounds: number): Map<string, Spread> {
  const lanes = operations.map((operation) => ({
    operation,
    times: calibrate(operation),
    values: [] as number[],
  }));
  for (let round = 0; round < rounds; round++) {
    for (const { operation, times, values } of lanes) values.push(batch(operation, times) / times);
  }
  return new Map(lanes.map(({ operation, values }) => [operation.name, spread(values)]));
}

/** How many times make a batch long enough for the clock; compiles the code on the way. */
function calibrate(operation: Operation): number {
  let times = 1;
  while (batch(operation, times) < BATCH_NANOS) times *= 2;
  batch(operation, times);
  return times;
}

let sink = 0;

function batch({ work }: Operation, times: number): number {
  const start = process.hrtime.bigint();
  let sum = 0;
  for (let i = 0; i < times; i++) sum += work();
  const nanos = Number(process.hrtime.bigint() - start);
  sink += sum;
  if (Number.isNaN(sink)) throw new Error("bench: an operation gave something that is no number");
  return nanos;
}
