// Where figures were measured, and with what: without it they mean nothing.
import { cpus, loadavg, release } from "node:os";
import { versionOf } from "./contender.ts";

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly kernel: string;
  /** The load average of the last minute: above some tenths, something else was running. */
  readonly loadBefore: number;
  /** Versions of what took part; tools that are not installed are left out. */
  readonly versions: Readonly<Record<string, string>>;
}

const TOOLS = { haproxy: "-v", nginx: "-v", wrk: "-v" };

/** The machine that this runs on; to be asked before anything is measured. */
export async function machine(): Promise<Machine> {
  const lines = await Promise.all(
    Object.entries(TOOLS).map(async ([tool, flag]) => [tool, await versionOf(tool, flag)] as const),
  );
  const versions = lines.flatMap(([tool, line]) => {
    const version = /\d+\.\d+\.\d+/.exec(line ?? "")?.[0];
    return version === undefined ? [] : [[tool, version]];
  });
  const [first] = cpus();
  const [minute = 0] = loadavg();
  return {
    cpu: first?.model.trim() ?? "unknown",
    cores: cpus().length,
    kernel: release().split("-")[0] ?? "",
    loadBefore: Math.round(minute * 10) / 10,
    versions: { node: process.versions.node, ...Object.fromEntries(versions) },
  };
}

/** The machine in one sentence. */
export function describe({ cpu, cores, kernel, loadBefore, versions }: Machine): string {
  const tools = Object.entries(versions).map(([name, version]) => `${name} ${version}`);
  const where = `${cores} cores of ${cpu}, Linux ${kernel}; ${tools.join(", ")}`;
  return `${where}; load average before: ${loadBefore}`;
}
