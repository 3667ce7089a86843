// `run`: the sidecar, from its config to its end.
import { type ConfigOrder, loadApart } from "../control/config/apart.ts";
import type { Loaded } from "../control/config/load.ts";
import type { Config } from "../control/config/schema.ts";
import { formatProblem, type Problem } from "../control/config/source.ts";
import type { Origin } from "../control/reload.ts";
import { StartError } from "../control/starterror.ts";
import type { Sidecar } from "../sidecar.ts";
import { atMost, type Given, readArguments, UsageError } from "./arguments.ts";
import { usageOf } from "./help.ts";
import { listenProblem } from "./listenproblem.ts";
import { Signals } from "./signals.ts";
import { starterFrom } from "./starter.ts";

const FLAGS = {
  backup: "value",
  config: "value",
  "dry-run": "switch",
  listen: "value",
  upstream: "value",
} as const;

/** The exit code: 0 drained, or a good dry run; 1 could not listen, or ask; 2 the config cannot be run. */
export async function run(args: string[]): Promise<number> {
  const given = readArguments(args, FLAGS);
  if (given.switches.has("help")) {
    process.stdout.write(usageOf("run"));
    return 0;
  }
  const order = orderOf(given);
  if (given.switches.has("dry-run")) {
    // It asks over HTTP, and a sidecar that runs need not hold what that takes.
    const { dryRun } = await import("./dryrun.ts");
    return dryRun(order);
  }
  // The one takes as long as the other, and they need not wait for each other.
  const [loaded] = await Promise.all([loadApart(order), sidecarModule()]);
  if (!loaded.ok) {
    complain(loaded.errors);
    return 2;
  }
  complain(loaded.warnings);
  // From here on a signal drains, even one that comes before everything listens.
  const signals = new Signals();
  const sidecar = await start(loaded.config, originOf(order, loaded));
  if (typeof sidecar === "number") return sidecar;
  signals.onReload = () => void sidecar.reload("SIGHUP");
  for (const [name, address] of Object.entries(sidecar.addresses)) {
    process.stdout.write(`${name} listening on ${address.text}\n`);
  }
  // The admin listener can ask for the end, too.
  await Promise.race([signals.stop, sidecar.stopped]);
  await sidecar.drain();
  return 0;
}

function orderOf(given: Given): ConfigOrder {
  atMost(0, given);
  const { values } = given;
  const [file, upstream] = [values.get("config"), values.get("upstream")];
  if (file !== undefined && upstream !== undefined) {
    throw new UsageError("give --config or --upstream, not both");
  }
  for (const flag of ["listen", "backup"]) {
    if (file === undefined || !values.has(flag)) continue;
    throw new UsageError(`--${flag} goes with --upstream; with --config, the file says where`);
  }
  if (file !== undefined) return { file };
  if (upstream === undefined) throw new UsageError("give --config FILE or --upstream HOST:PORT");
  return { file: "--upstream", text: starterFrom(given) };
}

/** Standard input, and what flags say, cannot be read again. */
function originOf(order: ConfigOrder, { written, digest }: Extract<Loaded, { ok: true }>): Origin {
  const { file } = order;
  return {
    file: order.text === undefined && file !== "-" ? file : undefined,
    ...{ written, digest },
    load: (text) =>
      loadApart(text === undefined ? order : { file: "<request>", text, expand: true }),
  };
}

const sidecarModule = () => import("../sidecar.ts");

function complain(problems: readonly Problem[]): void {
  process.stderr.write(problems.map(formatProblem).join(""));
}

/** The sidecar; an exit code, after a line on stderr, when the world is not as the config needs it. */
async function start(config: Config, origin: Origin): Promise<Sidecar | number> {
  const { startSidecar } = await sidecarModule();
  try {
    return await startSidecar(config, { origin });
  } catch (error) {
    const refused = error instanceof StartError;
    const problem = refused ? error.message : listenProblem(error);
    if (problem === undefined) throw error;
    process.stderr.write(`tidegate run: ${problem}\n`);
    return refused ? 2 : 1;
  }
}
