// `init`: a config to start from; `run --upstream` uses the same one.
import { addressProblem } from "../control/config/address.ts";
import { referenceConfig } from "../control/config/reference.ts";
import { STARTER, starterConfig } from "../control/config/starter.ts";
import { atMost, type Given, readArguments, UsageError } from "./arguments.ts";
import { usageOf } from "./help.ts";

export async function init(args: string[]): Promise<number> {
  const given = readArguments(args, { all: "switch", upstream: "value", listen: "value" });
  atMost(0, given);
  if (given.switches.has("all") && given.values.size > 0) {
    throw new UsageError("--all prints every option as it is; it goes with no other flag");
  }
  const text = given.switches.has("all") ? referenceConfig() : starterFrom(given);
  process.stdout.write(given.switches.has("help") ? usageOf("init") : text);
  return 0;
}

/** The config that `--upstream` and `--listen` ask for. */
export function starterFrom({ values }: Given): string {
  const upstream = values.get("upstream") ?? STARTER.upstream;
  const listen = values.get("listen") ?? STARTER.listen;
  const wrong = addressProblem(upstream, "endpoint");
  if (wrong !== undefined) throw new UsageError(`--upstream ${wrong}`);
  const bad = addressProblem(listen, "bind");
  if (bad !== undefined) throw new UsageError(`--listen ${bad}`);
  return starterConfig({ upstream, listen });
}
