// Programs of the system that tests hold Tidegate against.
import { execFileSync } from "node:child_process";
import { accessSync, constants } from "node:fs";
import { join } from "node:path";

/** The Debian package of each program that is used. */
const PACKAGES = {
  curl: "curl",
  h2load: "nghttp2-client",
  nghttp: "nghttp2-client",
  nginx: "nginx-light",
  wrk: "wrk",
  faketime: "faketime",
  openssl: "openssl",
  prlimit: "util-linux",
  python3: "python3",
  timeout: "coreutils",
} as const;

type Tool = keyof typeof PACKAGES;

/** The system's own folders first: a python3 elsewhere does not see Debian's modules. */
const FOLDERS = ["/usr/bin", "/usr/sbin", "/bin", "/sbin", "/usr/local/bin"];

/** The path of a program; without it a test fails, and says what to install. */
export function tool(name: Tool): string {
  const folders = [...FOLDERS, ...(process.env.PATH ?? "").split(":")];
  const found = folders.map((folder) => join(folder, name)).find(isProgram);
  if (found !== undefined) return found;
  throw new Error(`${name} is not installed: apt-get install ${PACKAGES[name]}`);
}

/** The Debian package of each library of Python that is used. */
const MODULES = { h11: "python3-h11", h2: "python3-h2", grpc: "python3-grpcio" } as const;

/** Python with one of its libraries. */
export function pythonWith(module: keyof typeof MODULES): string {
  const python = tool("python3");
  try {
    execFileSync(python, ["-c", `import ${module}`], { stdio: "ignore" });
  } catch {
    throw new Error(`${python} has no module ${module}: apt-get install ${MODULES[module]}`);
  }
  return python;
}

function isProgram(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
