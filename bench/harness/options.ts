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
  /** Very short, and about correctness rather than speed. */
  readonly check: boolean;
  /** Writes the figures to bench/README.md and bench/recorded.json. */
  readonly record: boolean;
}

export const FLAGS = `flags
  --rounds N              how often each contender is measured, 1 to 100
  --seconds S             seconds of load in one round, 0.1 to 60
  --only NAME,...         these contenders alone
  --scenarios NAME,...    these scenarios alone
  --check                 very short: is every answer right?
  --record                (path) write the table to bench/README.md and bench/recorded.json`;

/** Reads the flags; throws with all of them when one is unknown or out of bounds. */
export function parseOptions(args: readonly string[]): Options {
  const { values } = parse(args);
  return {
    rounds: bounded("--rounds", values.rounds, [1, 100]),
    seconds: bounded("--seconds", values.seconds, [0.1, 60]),
    only: values.only,
    scenarios: values.scenarios,
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
        check: { type: "boolean" },
        record: { type: "boolean" },
      },
    });
  } catch (error) {
    throw new Error(`bench: ${error instanceof Error ? error.message : error}\n${FLAGS}`);
  }
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
