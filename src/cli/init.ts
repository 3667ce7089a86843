// `init`: a config to start from.
import { referenceConfig } from "../control/config/reference.ts";
import { atMost, readArguments, UsageError } from "./arguments.ts";
import { usageOf } from "./help.ts";
import { starterFrom } from "./starter.ts";

export async function init(args: string[]): Promise<number> {
  const given = readArguments(args, {
    all: "switch",
    upstream: "value",
    backup: "value",
    listen: "value",
  });
  atMost(0, given);
  if (given.switches.has("all") && given.values.size > 0) {
    throw new UsageError("--all prints every option as it is; it goes with no other flag");
  }
  const text = given.switches.has("all") ? referenceConfig() : starterFrom(given);
  process.stdout.write(given.switches.has("help") ? usageOf("init") : text);
  return 0;
}
