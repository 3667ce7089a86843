// Tidegate as a process: what a shell, or an orchestrator, sees of it.
import { fileURLToPath } from "node:url";
import { Child } from "../support/process.ts";

const MAIN = fileURLToPath(new URL("../../src/main.ts", import.meta.url));

/** A `tidegate` process with `input` as the whole of its standard input. */
export function start(
  args: readonly string[],
  input = "",
  environment: Readonly<Record<string, string>> = {},
): Child {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  const env = { PATH, NODE_COMPILE_CACHE, ...environment };
  // The test runner would have every child load its own hooks, which takes longer than most commands.
  const words = ["-u", "NODE_OPTIONS", process.execPath, MAIN, ...args];
  const child = Child.start("env", words, { env, stdio: "pipe" });
  child.process.stdin?.on("error", () => {}).end(input);
  return child;
}

/** Runs a command to its end. */
export async function tidegate(args: readonly string[], input = ""): Promise<Child> {
  const child = start(args, input);
  await child.exit();
  return child;
}
