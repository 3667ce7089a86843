// What stands behind a command on the command line, checked before anything is done.
import { parseArgs } from "node:util";
import { didYouMean } from "../control/config/suggest.ts";

/** A slip on the command line: said on stderr, exit code 2. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

/** The flags of a command: `value` ones take one, as `--listen HOST:PORT`; `switch` ones do not. */
export type Flags = Readonly<Record<string, "value" | "switch">>;

/** What was given. A flag that was not is absent. */
export interface Given {
  readonly values: ReadonlyMap<string, string>;
  readonly switches: ReadonlySet<string>;
  readonly operands: readonly string[];
}

/** Reads `args`; throws a UsageError for an unknown or repeated flag and a missing value. */
export function readArguments(args: string[], flags: Flags): Given {
  const all: Flags = { ...flags, help: "switch" };
  const options = Object.entries(all).map(([name, kind]) => {
    const type: "string" | "boolean" = kind === "value" ? "string" : "boolean";
    return [name, name === "help" ? { type, short: "h" } : { type }] as const;
  });
  const { tokens } = parseArgs({
    args,
    options: Object.fromEntries(options),
    strict: false,
    allowPositionals: true,
    tokens: true,
  });
  const values = new Map<string, string>();
  const switches = new Set<string>();
  const operands: string[] = [];
  for (const token of tokens) {
    if (token.kind === "positional") operands.push(token.value);
    if (token.kind !== "option") continue;
    const { name, rawName, value } = token;
    const kind = Object.hasOwn(all, name) ? all[name] : undefined;
    if (kind === undefined) throw unknownFlag(rawName, Object.keys(all));
    if (values.has(name) || switches.has(name)) throw new UsageError(`${rawName} is given twice`);
    if (kind === "switch" && value !== undefined) throw new UsageError(`${rawName} takes no value`);
    if (kind === "switch") switches.add(name);
    else values.set(name, needed(rawName, value, args[token.index]));
  }
  return { values, switches, operands };
}

/** `--config` may be the last word, or another flag may stand where its value should. */
function needed(flag: string, value: string | undefined, word: string | undefined): string {
  const inline = word?.includes("=") === true;
  if (value === undefined || value === "" || (value.startsWith("--") && !inline)) {
    throw new UsageError(`${flag} needs a value`);
  }
  return value;
}

function unknownFlag(flag: string, known: readonly string[]): UsageError {
  const flags = known.map((name) => `--${name}`);
  return new UsageError(`unknown flag ${JSON.stringify(flag)}${didYouMean(flag, flags)}`);
}

/** Refuses words that belong to nothing; at most `most` operands are taken. */
export function atMost(most: number, { operands }: Given): void {
  const extra = operands[most];
  if (extra !== undefined) throw new UsageError(`unexpected ${JSON.stringify(extra)}`);
}
