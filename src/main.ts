#!/usr/bin/env node
// argv -> one command of cli/.
import { nodeProblem } from "./cli/node.ts";

type Command = (args: string[]) => Promise<number>;

/** Loaded when asked for: `help` must not wait for the whole proxy. */
const COMMANDS: Readonly<Record<string, () => Promise<Command>>> = {
  demo: async () => (await import("./cli/demo.ts")).demo,
  run: async () => (await import("./cli/run.ts")).run,
  check: async () => (await import("./cli/check.ts")).check,
  schema: async () => (await import("./cli/schema.ts")).schema,
  init: async () => (await import("./cli/init.ts")).init,
  status: async () => (await import("./cli/status.ts")).status,
  events: async () => (await import("./cli/events.ts")).events,
  healthcheck: async () => (await import("./cli/healthcheck.ts")).healthcheck,
  help: async () => (await import("./cli/help.ts")).help,
};

async function main(args: string[]): Promise<number> {
  const tooOld = nodeProblem(process.versions.node);
  if (tooOld !== undefined) return refuse("tidegate", tooOld);
  const [word, ...rest] = args;
  const { UsageError } = await import("./cli/arguments.ts");
  const { OVERVIEW, unknownCommand, versionLine } = await import("./cli/help.ts");
  if (word === undefined) {
    process.stderr.write(OVERVIEW);
    return 2;
  }
  if (word === "--version" || word === "-v") {
    process.stdout.write(versionLine());
    return 0;
  }
  const name = word === "--help" || word === "-h" ? "help" : word;
  const command = Object.hasOwn(COMMANDS, name) ? COMMANDS[name] : undefined;
  try {
    if (command === undefined) throw unknownCommand(word);
    return await (await command())(rest);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    const help = command === undefined ? "tidegate help" : `tidegate help ${name}`;
    const who = command === undefined ? "tidegate" : `tidegate ${name}`;
    return refuse(who, `${error.message}; "${help}" says more`);
  }
}

function refuse(who: string, message: string): number {
  process.stderr.write(`${who}: ${message}\n`);
  return 2;
}

// Whoever reads our output may leave; that is no reason to stop a proxy.
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const code = await main(process.argv.slice(2));
// What a proxy left open, if anything, must not keep it from ending.
if (process.argv[2] === "run") process.exit(code);
process.exitCode = code;
