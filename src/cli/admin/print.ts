// What `status` and `events` have in common: where they ask, how they answer, and their exit codes.
import { atMost, type Flags, type Given, readArguments } from "../arguments.ts";
import { usageOf } from "../help.ts";
import { NoAnswer } from "./ask.ts";
import { BadConfig, PLACE_FLAGS, type Place, placeOf } from "./place.ts";

interface Answer {
  /** What `--json` prints. */
  readonly json: unknown;
  readonly text: () => string;
}

type Ask = (place: Place, given: Given) => Promise<Answer>;

/** Asks and prints; the exit code. Throws a UsageError for flags that say nothing sensible. */
export async function printAnswer(
  command: string,
  args: string[],
  flags: Flags,
  ask: Ask,
): Promise<number> {
  const given = readArguments(args, { ...PLACE_FLAGS, ...flags, json: "switch" });
  if (given.switches.has("help")) {
    process.stdout.write(usageOf(command));
    return 0;
  }
  atMost(0, given);
  try {
    const { json, text } = await ask(await placeOf(given), given);
    const asJson = given.switches.has("json");
    process.stdout.write(asJson ? `${JSON.stringify(json, undefined, 2)}\n` : text());
    return 0;
  } catch (error) {
    if (error instanceof BadConfig) {
      process.stderr.write(error.message);
      return 2;
    }
    if (!(error instanceof NoAnswer)) throw error;
    process.stderr.write(`tidegate ${command}: ${error.message}\n`);
    return 1;
  }
}
