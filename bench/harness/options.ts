// The flags of every question.
import { parseArgs } from "node:util";

export interface Options {
  /** How often each contender is measured; undefined where the question's own default holds. */
  readonly rounds: number | undefined;
  /** Seconds of load in one round. */
  readonly seconds: number | undefined;
  /** Names of contenders, comma-separated. */
  readonly only: string | undefined;
  /** Names of scenarios, comma-separated. */
  readonly scenarios: string | undefined;
  /** Cells of the limiters' grid: the words with which their names begin. */
  readonly cell: string | undefined;
  /** Names of limiters, comma-separated. */
  readonly limiters: string | undefined;
  /** What chance begins with: whole numbers. */
  readonly seeds: readonly number[] | undefined;
  /** One of the parts of the limiters' grid, from 1 on. */
  readonly part: number | undefined;
  /** A file in bench/results/ whose figures are told again. */
  readonly from: string | undefined;
  /** Very short, and about correctness rather than speed. */
  readonly check: boolean;
  /** Writes the figures to the READMEs, and where guard holds them to bench/recorded.json. */
  readonly record: boolean;
}

export const FLAGS = `flags
  --rounds N              how often each contender is measured, 1 to 100
  --seconds S             seconds of load in one round, 0.1 to 60
  --only NAME,...         these contenders alone
  --scenarios NAME,...    these scenarios alone
  --cell NAME             (limiters) the cells alone whose names begin so
  --limiters NAME,...     (limiters) these limiters alone
  --part N                (limiters) one of the 16 parts of the grid, and what is not in the grid
  --from FILE             (limiters) tell the figures of this file of bench/results/ again
  --seeds N,...           (limiters) what chance begins with, whole numbers
  --check                 very short: is every answer right?
  --record                (path, limiters, overload) write what is measured to the READMEs`;

/** Reads the flags; throws with all of them when one is unknown or out of bounds. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  return {
    rounds: bounded("--rounds", values.rounds, [1, 100]),
    seconds: bounded("--seconds", values.seconds, [0.1, 60]),
    only: values.only,
    scenarios: values.scenarios,
    cell: values.cell,
    part: bounded("--part", values.part, [1, 16]),
    from: values.from,
    limiters: values.limiters,
    seeds: values.seeds?.split(",").map(seedOf),
    check: values.check === true,
    record: values.record === true,
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        rounds: { type: "string" },
        seconds: { type: "string" },
        only: { type: "string" },
        scenarios: { type: "string" },
        cell: { type: "string" },
        part: { type: "string" },
        from: { type: "string" },
        limiters: { type: "string" },
        seeds: { type: "string" },
        check: { type: "boolean" },
        record: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new Error(`bench: ${error instanceof Error ? error.message : error}\n${FLAGS}`);
  }
}

function seedOf(text: string): number {
  const seed = Number(text);
  if (text !== "" && Number.isInteger(seed) && seed >= 0 && seed < 2 ** 31) return seed;
  throw new Error(`bench: --seeds has ${text}, not a whole number from 0 on\n${FLAGS}`);
}

function bounded(
  flag: string,
  text: string | undefined,
  [least, most]: readonly [number, number],
): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  const right = value >= least && value <= most && (least < 1 || Number.isInteger(value));
  if (right) return value;
  throw new Error(`bench: ${flag} is ${text}, not a number from ${least} to ${most}\n${FLAGS}`);
}
