// Processes of a benchmark: started, waited for until they serve, and surely ended.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { connect, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";

/** A server that runs: where it listens, and whose CPU and memory are its own. */
export interface Running {
  readonly port: number;
  readonly pids: readonly number[];
  stop(): Promise<void>;
}

const START_MS = 30_000;
const alive = new Set<ChildProcess>();
const directories = new Set<string>();

/** Starts `command` and resolves when something accepts connections on `port`. */
export async function launchOn(port: number, command: readonly string[]): Promise<Running> {
  const child = start(command, "ignore");
  const deadline = Date.now() + START_MS;
  while (!(await accepts(port))) {
    if (child.exitCode !== null || Date.now() > deadline) {
      await end(child);
      throw new Error(`bench: ${command.join(" ")} does not listen on port ${port}`);
    }
    await delay(20);
  }
  return running(child, port);
}

/**
 * Starts `command` and resolves when it has printed a line that `find` makes a port of. Throws
 * with what it printed when it ends before, or takes more than thirty seconds.
 */
export async function launchPrinting(
  command: readonly string[],
  find: (line: string) => number | undefined,
): Promise<Running> {
  const child = start(command, "pipe");
  const timer = setTimeout(() => end(child), START_MS);
  const printed: string[] = [];
  try {
    for await (const line of createInterface({ input: child.stdout ?? process.stdin })) {
      const port = find(line);
      if (port !== undefined) return running(child, port);
      printed.push(line);
    }
  } finally {
    clearTimeout(timer);
    child.stdout?.resume();
  }
  throw new Error(`bench: ${command.join(" ")} did not start: ${printed.join(" / ")}`);
}

/** Starts `command` in a group of its own, which is killed when the benchmark ends before it. */
export function start(
  command: readonly string[],
  stdout: "ignore" | "pipe",
  env: NodeJS.ProcessEnv = process.env,
): ChildProcess {
  const [file = "", ...args] = command;
  endAllOnExit();
  const child = spawn(file, args, { stdio: ["ignore", stdout, "inherit"], detached: true, env });
  alive.add(child);
  child.once("exit", () => alive.delete(child));
  child.once("error", () => alive.delete(child));
  return child;
}

/** A TCP port of loopback that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  if (address === null || typeof address === "string") throw new Error("bench: no port to be had");
  return address.port;
}

/** A directory that is gone when the benchmark ends. */
export function scratch(): string {
  endAllOnExit();
  const directory = mkdtempSync(join(tmpdir(), "tidegate-bench-"));
  directories.add(directory);
  return directory;
}

function running(child: ChildProcess, port: number): Running {
  return { port, pids: child.pid === undefined ? [] : [child.pid], stop: () => end(child) };
}

// At once: a benchmark leaves nothing behind that would be worth a clean stop.
async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const ended = once(child, "exit");
  kill(child);
  await ended;
}

function kill(child: ChildProcess): void {
  try {
    if (child.pid !== undefined) process.kill(-child.pid, "SIGKILL");
  } catch {
    // The whole group has ended already.
  }
}

function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, "127.0.0.1", () => resolve(true));
    socket.once("connect", () => socket.destroy());
    socket.once("error", () => resolve(false));
  });
}

let watching = false;
function endAllOnExit(): void {
  if (watching) return;
  watching = true;
  process.once("exit", () => {
    for (const child of alive) kill(child);
    for (const each of directories) rmSync(each, { recursive: true, force: true });
  });
  for (const name of ["SIGINT", "SIGTERM"] as const) process.once(name, () => process.exit(130));
}
