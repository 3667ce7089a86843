// `check FILE`: everything that is wrong with a config, then what is worth a second look.
import { type Loaded, loadConfig } from "../control/config/load.ts";
import { formatProblem, type Problem } from "../control/config/source.ts";
import { didYouMean } from "../control/config/suggest.ts";
import { atMost, readArguments, UsageError } from "./arguments.ts";
import { usageOf } from "./help.ts";

const FORMATS = ["text", "json"];

/** The exit code: 0 the config can be run, 1 it cannot. */
export async function check(args: string[]): Promise<number> {
  const given = readArguments(args, { format: "value" });
  if (given.switches.has("help")) {
    process.stdout.write(usageOf("check"));
    return 0;
  }
  atMost(1, given);
  const [file] = given.operands;
  if (file === undefined) throw new UsageError("name the file to check; - is standard input");
  const format = given.values.get("format") ?? "text";
  if (!FORMATS.includes(format)) {
    const hint = didYouMean(format, FORMATS);
    throw new UsageError(`--format must be text or json, not ${JSON.stringify(format)}${hint}`);
  }
  const loaded = await loadConfig(file, process.env);
  process.stdout.write(format === "json" ? asJson(file, loaded) : asText(file, loaded));
  return loaded.ok ? 0 : 1;
}

function asText(file: string, loaded: Loaded): string {
  if (!loaded.ok) return loaded.errors.map(formatProblem).join("");
  const { warnings } = loaded;
  const count = warnings.length === 0 ? "" : `, ${plural(warnings.length, "warning")}`;
  return `${warnings.map(formatProblem).join("")}${file}: ok${count}\n`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? "" : "s"}`;
}

function asJson(file: string, loaded: Loaded): string {
  const errors = loaded.ok ? [] : loaded.errors.map(plain);
  const warnings = loaded.ok ? loaded.warnings.map(plain) : [];
  return `${JSON.stringify({ file, ok: loaded.ok, errors, warnings }, undefined, 2)}\n`;
}

function plain({ file, line, column, message }: Problem): object {
  return { file, line, column, message };
}
