// Reads a config in a process of its own. What reads YAML, checks it and explains what is wrong takes some
// 25 MiB and a tenth of a second; a sidecar would keep the one and stand still for the other.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { extname } from "node:path";
import { text } from "node:stream/consumers";
import { freeze } from "./freeze.ts";
import type { Loaded } from "./load.ts";

/** What is to be read: `text`, or else `file`; `-` is standard input. Problems call it `file`. */
export interface ConfigOrder {
  readonly file: string;
  readonly text?: string;
  /** Do references to the environment mean something in `text`? In a file they do. */
  readonly expand?: boolean;
}

const { pathname } = new URL("./reader.ts", import.meta.url);
// The same code runs as it is and compiled: the other file ends as this one does.
const READER = pathname.replace(/\.ts$/, extname(import.meta.filename));

/** A file may be one that never ends to be read, as a pipe is; standard input may be typed by hand. */
const PATIENCE_MS = 10_000;
const KILL = "SIGKILL";

/**
 * As `loadConfig` does. Rejects when the other process cannot be started, ends without a word, or takes
 * longer than ten seconds to read a file.
 */
export async function loadApart(order: ConfigOrder): Promise<Loaded> {
  // Not our stdout and stderr: a process that ends sets those that it has back to blocking.
  const stdin = order.file === "-" ? "inherit" : "ignore";
  const child = fork(READER, {
    serialization: "advanced",
    stdio: [stdin, "ignore", "pipe", "ipc"],
    ...(order.file !== "-" && { timeout: PATIENCE_MS, killSignal: KILL }),
  });
  const told = await Promise.race([answer(child, order), silence(child)]);
  return told.ok ? { ...told, config: freeze(told.config) } : told;
}

async function answer(child: ChildProcess, order: ConfigOrder): Promise<Loaded> {
  const message = once(child, "message");
  // Where it cannot be sent, the other process has ended, and its last words say why.
  child.send(order, () => {});
  const [loaded] = await message;
  return loaded;
}

async function silence(child: ChildProcess): Promise<never> {
  const words = child.stderr === null ? "" : text(child.stderr);
  const [code, signal] = await once(child, "close");
  if (signal === KILL) throw new Error(`the config was not read within ${PATIENCE_MS / 1000} s`);
  throw new Error(`the process that reads the config ended with ${signal ?? code}: ${await words}`);
}
