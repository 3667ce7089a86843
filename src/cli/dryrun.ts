// `run --dry-run`: is the config good, and what would it change? The sidecar that runs is asked at
// `admin.bind`, with the text of this config; where nobody runs, everything would be started.
import type { ConfigOrder } from "../control/config/apart.ts";
import { readBytes } from "../control/config/file.ts";
import { loadConfig, parseConfig } from "../control/config/load.ts";
import type { Config } from "../control/config/schema.ts";
import { formatProblem, type Problem } from "../control/config/source.ts";
import { askAdmin, NoAnswer } from "./admin/ask.ts";
import { TOKEN_VARIABLE } from "./admin/defaults.ts";
import { reachable } from "./admin/place.ts";

/** The exit code: 0 good, 1 the one that runs could not be asked, 2 bad. Prints what it finds. */
export async function dryRun(order: ConfigOrder): Promise<number> {
  const text = order.text ?? (await textOf(order.file));
  const name = order.file === "-" ? "<stdin>" : order.file;
  const environment = order.text === undefined ? process.env : {};
  const loaded =
    text === undefined
      ? await loadConfig(order.file, environment)
      : parseConfig(name, text, environment);
  complain(loaded.ok ? loaded.warnings : loaded.errors);
  if (!loaded.ok) return 2;
  process.stdout.write(`${name} is good.\n`);
  const { bind, token: own } = loaded.config.admin;
  // The one that runs may have another token than the config that is tried.
  const token = process.env[TOKEN_VARIABLE] ?? own;
  // Port 0 is another one at each start: nobody can be asked there.
  if (text === undefined || (bind.kind === "tcp" && bind.port === 0)) return begin(loaded.config);
  const address = reachable(bind);
  try {
    const wish = { body: { config: text }, statuses: [422] };
    const answer = await askAdmin({ address, token }, "/reload?dryRun=1", wish);
    return tell(answer, address.text);
  } catch (error) {
    if (!(error instanceof NoAnswer)) throw error;
    if (error.nobody) return begin(loaded.config, address.text);
    process.stderr.write(`tidegate run: ${error.message}\n`);
    return 1;
  }
}

async function textOf(file: string): Promise<string | undefined> {
  const read = await readBytes(file);
  return read.ok ? Buffer.from(read.bytes).toString("utf8") : undefined;
}

function complain(problems: readonly Problem[]): void {
  process.stderr.write(problems.map(formatProblem).join(""));
}

/** Tells what the sidecar at `place` has said. */
function tell(answer: unknown, place: string): number {
  const fields = new Map(Object.entries(answer ?? {}));
  const [errors, diff] = [linesOf(fields.get("errors")), linesOf(fields.get("diff"))];
  if (errors.length > 0) {
    process.stderr.write(`${errors.join("\n")}\n`);
    process.stdout.write(`The sidecar on ${place} refuses it: its environment is another one.\n`);
    return 2;
  }
  const head = `The sidecar on ${place}`;
  if (diff.length === 0) process.stdout.write(`${head} runs it already; nothing would change.\n`);
  else process.stdout.write(`${head} would change:\n${indented(diff)}`);
  return 0;
}

/** Tells what would be started. */
function begin({ health, admin, listeners, clusters }: Config, place?: string): number {
  const lines = [
    `health on ${health.bind.text}`,
    `admin on ${admin.bind.text}`,
    ...listeners.map(({ name, bind, routes }) => {
      const ways = routes.map(
        ({ match, cluster }) => `${match.host ?? ""}${match.path} -> ${cluster}`,
      );
      return `${name} on ${bind.text}: ${ways.join(", ")}`;
    }),
    ...clusters.map(({ name, endpoints, backups }) => {
      const spare = backups.length === 0 ? "" : `; backups ${textsOf(backups)}`;
      return `cluster ${name}: ${textsOf(endpoints)}${spare}`;
    }),
  ];
  const nobody = place === undefined ? "" : `No sidecar listens on ${place} (admin.bind). `;
  process.stdout.write(`${nobody}This would be started:\n${indented(lines)}`);
  return 0;
}

function textsOf(places: readonly { readonly address: { readonly text: string } }[]): string {
  return places.map(({ address }) => address.text).join(", ");
}

function indented(lines: readonly string[]): string {
  return lines.map((line) => `  ${line}\n`).join("");
}

/** The strings of a list; what came over the wire may be anything. */
function linesOf(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.filter((line) => typeof line === "string") : [];
}
