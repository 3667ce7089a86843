// The application log: what happened to Tidegate itself, as JSON lines from pino.
import { type Logger, pino } from "pino";
import type { Lines } from "./writer.ts";

export type LogLevel = "debug" | "info" | "warn" | "error";

/** Names of fields that are never printed, wherever in the first three levels they stand. */
const SECRET = [
  "authorization",
  "proxy-authorization",
  "cookie",
  "set-cookie",
  "token",
  "password",
  "secret",
];

const BEYOND_ASCII = /[^\x00-\x7f]/g;

/** Outside ASCII there is nothing in JSON but the content of strings. */
function escapedUnit(unit: string): string {
  return `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`;
}

/** Causes may go in a circle. */
const MAX_CAUSES = 3;

/** A pino logger that prints `level` and above to `lines`, which must not block. */
export function createLog(level: LogLevel, lines: Lines): Logger {
  const paths = SECRET.flatMap((name) => [`["${name}"]`, `*["${name}"]`, `*.*["${name}"]`]);
  return pino(
    {
      level,
      base: { pid: process.pid },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      serializers: {
        err: (error: unknown) => printError(error),
        error: (error: unknown) => printError(error),
      },
      redact: { paths, censor: "[redacted]" },
    },
    { write: (line: string) => lines.write(line.replace(BEYOND_ASCII, escapedUnit)) },
  );
}

/** What an error says of itself, and not the requests and options that libraries hang onto it. */
function printError(error: unknown, depth = 0): unknown {
  if (!(error instanceof Error)) return { message: String(error) };
  const { name, message, stack } = error;
  const code = "code" in error ? String(error.code) : undefined;
  const hidden = error.cause === undefined || depth === MAX_CAUSES;
  const cause = hidden ? undefined : printError(error.cause, depth + 1);
  return { type: name, message, code, stack, cause };
}
