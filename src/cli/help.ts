// `help [COMMAND]`: what can be asked of Tidegate.
import { didYouMean } from "../control/config/suggest.ts";
import { VERSION } from "../core/version.ts";
import { DEFAULT_ADMIN, TOKEN_VARIABLE } from "./admin/defaults.ts";
import { atMost, readArguments, UsageError } from "./arguments.ts";

const WHERE = `  --admin HOST:PORT         where its admin listener is (${DEFAULT_ADMIN}); unix:/PATH, too
  --config FILE             as that config says; - is standard input
  --json                    as JSON, for programs
`;
const TOKEN = `Where the config asks for a token, it comes from the file, or from ${TOKEN_VARIABLE}.
`;

/** How each command is called, what it does, and its flags. */
const USAGE: Readonly<Record<string, string>> = {
  demo: `Usage: tidegate demo [FLAGS]

A service, the sidecar and load on this machine, to see what it does. "demo --help" says more.
`,
  run: `Usage: tidegate run --config FILE
       tidegate run --upstream HOST:PORT [--backup HOST:PORT] [--listen HOST:PORT]

Runs the sidecar until SIGTERM or SIGINT: then it drains and exits 0; a second one stops it at once.
When the file changes, and at SIGHUP, it reads it again, and goes on with it if it is good.

  --config FILE           the config; - is standard input
  --upstream HOST:PORT    no file: everything goes to this address ("init" prints that config)
  --backup HOST:PORT      and to this one when it cannot take a request
  --listen HOST:PORT      where it listens then (127.0.0.1:8080)
  --dry-run               start nothing; say what the config would change in the sidecar that answers
                          at its admin.bind or, where none does, what it would start

Where that one asks for another token than the config has, it comes from ${TOKEN_VARIABLE}.
Exit code: 0 drained, or a good dry run; 1 cannot listen or ask, or stopped at once; 2 bad config or flags.
`,
  check: `Usage: tidegate check FILE [--format text|json]

Says everything that is wrong with a config, then what is worth a second look. - is standard input.

Exit code: 0 it can be run, 1 it cannot, 2 bad flags.
`,
  schema: `Usage: tidegate schema

Prints the JSON Schema of the config, for editors.
`,
  init: `Usage: tidegate init [--upstream HOST:PORT] [--backup HOST:PORT] [--listen HOST:PORT]
       tidegate init --all

Prints a config to start from.

  --upstream HOST:PORT    the service (127.0.0.1:3000)
  --backup HOST:PORT      who answers when the service cannot (nobody)
  --listen HOST:PORT      where clients come in (127.0.0.1:8080)
  --all                   every option at its default, with its documentation
`,
  status: `Usage: tidegate status [--admin HOST:PORT|unix:/PATH | --config FILE] [FLAGS]

Says how a running sidecar is: of each cluster who is asked, of each endpoint whether it gets requests,
and why not, its last probe, its breaker, its load, and what an operator has ordered.

${WHERE}  --watch                   again and again until Ctrl-C: limits, what is in flight and waits, refusals by
                            reason, breakers that are not closed; one after the other where it is no terminal
  --interval DURATION       how often, from 100ms to 1h (1s)

${TOKEN}
Exit code: 0 told, however the sidecar is; 1 no answer; 2 bad flags or config.
`,
  events: `Usage: tidegate events [--admin HOST:PORT|unix:/PATH | --config FILE] [FLAGS]

Says what has changed of late in a running sidecar: one line for each of the last thousand changes of
breakers, of health and by operators; the newest comes last.

${WHERE}  --since DURATION          only those of the last 10m, for example
  --cluster NAME            only those of one cluster

${TOKEN}
Exit code: 0 told, 1 no answer, 2 bad flags or config.
`,
  healthcheck: `Usage: tidegate healthcheck [URL]

Asks a running sidecar whether it is alive. "healthcheck --help" says more.
`,
  help: `Usage: tidegate help [COMMAND]
`,
};

export const OVERVIEW = `Usage: tidegate COMMAND [FLAGS]

A sidecar proxy that keeps a service answering when it is overloaded or sick.

  demo          see what it does, on this machine
  run           run the sidecar
  check         check a config
  schema        print the JSON Schema of the config
  init          print a config to start from
  status        say how a running sidecar is
  events        say what has changed in it of late
  healthcheck   ask a running sidecar whether it is alive
  help          say more about a command

  --version     the version, and that of Node
`;

/** Prints the overview, or the usage of one command. */
export async function help(args: string[]): Promise<number> {
  const given = readArguments(args, {});
  atMost(1, given);
  const [command] = given.operands;
  process.stdout.write(command === undefined ? OVERVIEW : usageOf(command));
  return 0;
}

/** The usage of `command`; throws a UsageError when there is no such command. */
export function usageOf(command: string): string {
  const usage = Object.hasOwn(USAGE, command) ? USAGE[command] : undefined;
  if (usage === undefined) throw unknownCommand(command);
  return usage;
}

export function unknownCommand(word: string): UsageError {
  const hint = didYouMean(word, Object.keys(USAGE));
  return new UsageError(`there is no command ${JSON.stringify(word)}${hint}`);
}

/** `tidegate 0.1.0 (node v26.10.0)`. */
export function versionLine(): string {
  return `tidegate ${VERSION} (node ${process.version})\n`;
}
