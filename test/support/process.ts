// A process that a test started, that it can wait for, and that it ends.
import { type ChildProcess, type SpawnOptions, spawn } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { Bell } from "./bell.ts";

/** One started process; its output is kept, its end can be waited for. */
export class Child {
  readonly process: ChildProcess;
  readonly bell = new Bell();
  stdout = "";
  stderr = "";
  /** Set when it has ended: its exit code, or the signal that killed it. */
  ended: number | NodeJS.Signals | undefined;
  readonly #name: string;

  private constructor(name: string, child: ChildProcess) {
    this.#name = name;
    this.process = child;
    child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
      this.bell.ring();
    });
    child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
      this.bell.ring();
    });
    // Everything that was written has been read by then.
    child.on("close", (code, signal) => {
      this.ended = code ?? signal ?? 0;
      this.bell.ring();
    });
    child.on("error", (error) => {
      this.stderr += error.message;
      this.ended = 127;
      this.bell.ring();
    });
  }

  static start(program: string, args: readonly string[], options: SpawnOptions = {}): Child {
    const stdio = options.stdio ?? ["ignore", "pipe", "pipe"];
    // The test runner has a hook for every Node process below it, which costs each a fifth of a second.
    const unhooked = ["-u", "NODE_OPTIONS", program, ...args];
    const child = spawn("env", unhooked, { ...options, stdio });
    // A test that dies leaves nothing behind.
    const end = (): void => void child.kill("SIGKILL");
    process.once("exit", end);
    child.once("close", () => process.off("exit", end));
    return new Child(program, child);
  }

  get pid(): number {
    const { pid } = this.process;
    if (pid === undefined) throw new Error(`${this.#name} did not start: ${this.stderr}`);
    return pid;
  }

  /** Waits for the exit code, or the name of the signal. */
  async exit(): Promise<number | NodeJS.Signals> {
    await this.bell.until(() => this.ended !== undefined);
    return this.ended ?? 0;
  }

  /** Waits until `pattern` is in the standard output; rejects when it cannot come any more. */
  async says(pattern: RegExp): Promise<RegExpExecArray> {
    await this.bell.until(() => pattern.test(this.stdout) || this.ended !== undefined);
    const match = pattern.exec(this.stdout);
    if (match !== null) return match;
    throw new Error(`${this.#name} ended with ${this.ended}: ${this.stdout}${this.stderr}`);
  }

  /** Kills it, unless it has ended, and waits for the end. */
  async kill(signal: NodeJS.Signals = "SIGKILL"): Promise<void> {
    if (this.ended !== undefined) return;
    this.process.kill(signal);
    await this.exit();
  }

  /** Resident memory in bytes: now, or the most since the start or since `forgetPeak()`. */
  memory(which: "VmRSS" | "VmHWM"): number {
    const status = readFileSync(`/proc/${this.pid}/status`, "utf8");
    return Number(new RegExp(`${which}:\\s+([0-9]+) kB`).exec(status)?.[1]) * 1024;
  }

  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, "5");
  }

  /** User and system time so far, in seconds. */
  cpu(): number {
    const stat = readFileSync(`/proc/${this.pid}/stat`, "utf8");
    // Behind the name in parentheses; utime and stime are fields 14 and 15, in 1/100 s.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }
}

/** Runs a program to its end; rejects unless it exits with 0. */
export async function run(program: string, args: readonly string[]): Promise<Child> {
  const child = Child.start(program, args);
  const code = await child.exit();
  if (code === 0) return child;
  throw new Error(`${program} ${args.join(" ")} ended with ${code}: ${child.stderr}`);
}
