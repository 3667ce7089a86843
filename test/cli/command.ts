// Tidegate as a process: what a shell, or an orchestrator, sees of it.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { Bell } from "../support/bell.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** One `tidegate` process; to be waited for, or killed, by whoever started it. */
export class Command {
  stdout = "";
  stderr = "";
  /** The exit code, or the signal that ended it. */
  ending: number | NodeJS.Signals | undefined;
  readonly #bell = new Bell();
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;

  constructor(args: readonly string[], environment: Readonly<Record<string, string>> = {}) {
    const env = { PATH: process.env.PATH, ...environment };
    const child = spawn(process.execPath, [MAIN, ...args], { env, stdio: "pipe" });
    child.stdin.on("error", () => {});
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.#bell.ring();
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.#bell.ring();
    });
    child.on("close", (code, signal) => {
      this.ending = code ?? signal ?? 0;
      this.#bell.ring();
    });
    this.#child = child;
  }

  /** Gives it `text` as the whole of its standard input. */
  input(text: string): void {
    this.#child.stdin.end(text);
  }

  send(signal: NodeJS.Signals): void {
    this.#child.kill(signal);
  }

  /** Resolves when it has written what matches; rejects when it ends without that. */
  async says(where: "stdout" | "stderr", what: RegExp): Promise<void> {
    await this.#bell.until(() => what.test(this[where]) || this.ending !== undefined);
    if (!what.test(this[where]))
      throw new Error(`${what} was not said: ${this.stdout}${this.stderr}`);
  }

  /** Resolves with its ending. */
  async ended(): Promise<number | NodeJS.Signals | undefined> {
    await this.#bell.until(() => this.ending !== undefined);
    return this.ending;
  }
}

/** Runs a command to its end. */
export async function tidegate(args: readonly string[], input = ""): Promise<Command> {
  const command = new Command(args);
  command.input(input);
  await command.ended();
  return command;
}
