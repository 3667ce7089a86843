// What every contender looks like to the benchmarks.
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { launchPrinting, type Running } from "./launch.ts";
import { portOf } from "./origin.ts";

/** One proxy, set up as its documentation says for keep-alive on both sides, on one core. */
export interface Contender {
  readonly name: string;
  /** Undefined when it can run here, else why it cannot and what would help. */
  available(): Promise<string | undefined>;
  /** Starts it before `origin`; it forwards /app/ and refuses every other path with 404. */
  start(origin: Running): Promise<Running>;
}

/** The paths that are forwarded. */
export const PREFIX = "/app/";

/** A proxy from npm: `file` runs it in a process of its own when it is started as a script. */
export function nodeContender(name: string, file: string, modules: readonly string[]): Contender {
  return {
    name,
    async available() {
      const missing = modules.filter((module) => !installed(module));
      return missing.length === 0 ? undefined : `npm package ${missing.join(", ")} not installed`;
    },
    start(origin) {
      const command = [process.execPath, "--no-deprecation", file, String(origin.port)];
      return launchPrinting(command, portOf);
    },
  };
}

/** Undefined when `command` answers to `flag`, else what to install. */
export async function commandAvailable(command: string, flag: string): Promise<string | undefined> {
  return (await versionOf(command, flag)) === undefined
    ? `${command} not installed (Debian: apt-get install ${command})`
    : undefined;
}

/** The first line that `command flag` prints; undefined when there is no such command. */
export async function versionOf(command: string, flag: string): Promise<string | undefined> {
  try {
    const { stdout, stderr } = await promisify(execFile)(command, [flag]);
    return firstLine(stdout + stderr);
  } catch (error) {
    // wrk prints its version and ends with 1.
    const printed = error instanceof Error && "stdout" in error ? String(error.stdout) : "";
    return printed === "" ? undefined : firstLine(printed);
  }
}

/** Says where a contender's own process listens, in the words that `portOf` reads. */
export function announce(address: unknown): void {
  if (typeof address === "object" && address !== null && "port" in address) {
    console.log(`listening on 127.0.0.1:${address.port}`);
  }
}

function firstLine(text: string): string {
  return text.split("\n")[0]?.trim() ?? "";
}

function installed(module: string): boolean {
  try {
    import.meta.resolve(module);
    return true;
  } catch {
    return false;
  }
}
