// The config that flags alone ask for: `run --upstream` runs it, `init` prints it.
import { addressProblem, targetProblem } from "../control/config/address.ts";
import { STARTER, starterConfig } from "../control/config/starter.ts";
import { type Given, UsageError } from "./arguments.ts";

/** The config that `--upstream`, `--backup` and `--listen` ask for. */
export function starterFrom({ values }: Given): string {
  const upstream = values.get("upstream") ?? STARTER.upstream;
  const listen = values.get("listen") ?? STARTER.listen;
  const wrong = targetProblem(upstream);
  if (wrong !== undefined) throw new UsageError(`--upstream ${wrong}`);
  const backup = values.get("backup");
  const ill = backup === undefined ? undefined : targetProblem(backup);
  if (ill !== undefined) throw new UsageError(`--backup ${ill}`);
  const bad = addressProblem(listen, "bind");
  if (bad !== undefined) throw new UsageError(`--listen ${bad}`);
  return starterConfig({ upstream, backup, listen });
}
