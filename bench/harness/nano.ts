// Nanoseconds per operation of our own code, without sockets. The least of the rounds is what it
// costs when nothing else runs; a median far above it says that something else did.
import { type Spread, spread } from "./figures.ts";
import { describe, machine } from "./machine.ts";
import type { Options } from "./options.ts";
import { writeResult } from "./record.ts";
import { significant, table } from "./table.ts";

/**
 * Something to be timed. It gives a number that depends on what was done, so that the compiler cannot
 * leave it out, and throws when the result is wrong.
 */
export type Operation = { readonly name: string } & (
  | { /** Does it once. */ readonly work: () => number }
  | {
      /** Does it so many times, one after the other. */ readonly many: (
        times: number,
      ) => Promise<number>;
    }
);

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
  const results = await nanoseconds(operations, rounds);
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
async function nanoseconds(
  operations: readonly Operation[],
  rounds: number,
): Promise<Map<string, Spread>> {
  const lanes: { operation: Operation; times: number; values: number[] }[] = [];
  for (const operation of operations) {
    lanes.push({ operation, times: await calibrate(operation), values: [] });
  }
  for (let round = 0; round < rounds; round++) {
    for (const { operation, times, values } of lanes) {
      values.push((await batch(operation, times)) / times);
    }
  }
  return new Map(lanes.map(({ operation, values }) => [operation.name, spread(values)]));
}

/** How many times make a batch long enough for the clock; compiles the code on the way. */
async function calibrate(operation: Operation): Promise<number> {
  let times = 1;
  while ((await batch(operation, times)) < BATCH_NANOS) times *= 2;
  await batch(operation, times);
  return times;
}

function repeat(work: () => number, times: number): number {
  let sum = 0;
  for (let i = 0; i < times; i++) sum += work();
  return sum;
}

let sink = 0;

async function batch(operation: Operation, times: number): Promise<number> {
  const start = process.hrtime.bigint();
  const sum = "many" in operation ? await operation.many(times) : repeat(operation.work, times);
  const nanos = Number(process.hrtime.bigint() - start);
  sink += sum;
  if (Number.isNaN(sink)) throw new Error("bench: an operation gave something that is no number");
  return nanos;
}
