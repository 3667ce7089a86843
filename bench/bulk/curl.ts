// curl, as the one who asks for big bodies and sends them.
import { execFile } from "node:child_process";
import { truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { scratch } from "../harness/launch.ts";

/** One way that bodies go. */
export interface Route {
  readonly name: string;
  readonly protocol: "http1" | "http2";
  readonly port: number;
}

const FLAGS = { http1: "--http1.1", http2: "--http2-prior-knowledge" } as const;
const FORMAT = "%{http_code} %{size_download} %{size_upload} %{time_total}";

/** MiB per second of one body; throws where it is not answered, or not whole. */
export async function fetched({ protocol, port }: Route, path: string, bytes: number) {
  const [status, length, , seconds] = await curl([FLAGS[protocol], urlOf(port, path)]);
  if (status !== 200 || length !== bytes) throw new Error(`bench: ${status}, ${length} bytes`);
  return bytes / 2 ** 20 / (seconds ?? Number.NaN);
}

/** The same of one that is sent. */
export async function sent({ protocol, port }: Route, path: string, bytes: number) {
  const file = join(scratch(), "body");
  writeFileSync(file, "");
  truncateSync(file, bytes);
  const how = ["-X", "POST", "-H", "expect:", "-T", file];
  const [status, , length, seconds] = await curl([FLAGS[protocol], ...how, urlOf(port, path)]);
  if (status !== 200 || length !== bytes) throw new Error(`bench: ${status}, ${length} bytes sent`);
  return bytes / 2 ** 20 / (seconds ?? Number.NaN);
}

async function curl(args: readonly string[]): Promise<readonly number[]> {
  const quiet = ["-s", "-S", "-o", "/dev/null", "-m", "60", "-w", FORMAT];
  const { stdout } = await promisify(execFile)("curl", [...quiet, ...args]);
  return stdout.split(" ").map(Number);
}

function urlOf(port: number, path: string): string {
  return `http://127.0.0.1:${port}${path}`;
}
