// Load by wrk: closed loop, one thread, every connection busy all the time.
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { start } from "./launch.ts";
import type { Scenario } from "./scenarios.ts";

/** What wrk says of one run. */
export interface Load {
  readonly requests: number;
  /** Bytes read, heads included. */
  readonly bytes: number;
  readonly micros: number;
  readonly p50Micros: number;
  readonly p99Micros: number;
  /** Responses with a status above 399. */
  readonly statusErrors: number;
  readonly connectErrors: number;
  readonly readErrors: number;
  readonly writeErrors: number;
  readonly timeouts: number;
}

const FIELDS = [
  "requests",
  "bytes",
  "micros",
  "p50Micros",
  "p99Micros",
  "statusErrors",
  "connectErrors",
  "readErrors",
  "writeErrors",
  "timeouts",
] as const satisfies readonly (keyof Load)[];

/** Loads `port` for `seconds`, at least 0.1, with what `scenario` says. */
export async function load(port: number, scenario: Scenario, seconds: number): Promise<Load> {
  const origin = `${scenario.secure === true ? "https" : "http"}://127.0.0.1:${port}`;
  const command = [
    ...["wrk", "-t1", `-c${scenario.connections}`, `-d${Math.ceil(seconds) + 1}s`, "--timeout=10s"],
    ...["-s", join(import.meta.dirname, "wrk.lua"), `${origin}${scenario.path}`],
  ];
  const body = { BENCH_BODY_BYTES: String(scenario.requestBytes) };
  const child = start(command, "pipe", { ...process.env, ...body });
  // wrk takes whole seconds only; told to stop earlier it reports what it has done till then.
  const timer = setTimeout(() => child.kill("SIGINT"), seconds * 1000);
  const ended = once(child, "exit");
  const output = child.stdout === null ? "" : await text(child.stdout);
  await ended;
  clearTimeout(timer);
  // Ended by the signal itself: it came before wrk was ready for it, on a very busy machine.
  if (child.signalCode === "SIGINT" && seconds < 5) return load(port, scenario, seconds + 1);
  return parseLoad(output);
}

/** Reads the `result` line that wrk.lua prints; throws when there is none or a figure is missing. */
export function parseLoad(output: string): Load {
  const line = /^result (\{.*\})$/m.exec(output)?.[1];
  if (line === undefined) {
    throw new Error(`wrk: printed no result; it said: ${output.trim().slice(0, 200)}`);
  }
  const found: unknown = JSON.parse(line);
  const figures = new Map(Object.entries(found ?? {}));
  const bad = FIELDS.filter((field) => !Number.isFinite(figures.get(field)));
  if (bad.length > 0) throw new Error(`wrk: no number for ${bad.join(", ")} in: ${line}`);
  return found as Load;
}

/** How many requests of `run` did not end as `scenario` wants them to. */
export function errorsOf(run: Load, scenario: Scenario): number {
  // A refusal is what is asked for, so that every answer that is none is the error.
  const status =
    scenario.status === 404 ? Math.abs(run.requests - run.statusErrors) : run.statusErrors;
  return status + run.connectErrors + run.readErrors + run.writeErrors + run.timeouts;
}
