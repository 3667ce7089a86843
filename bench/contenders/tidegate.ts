// The sidecar as it is shipped, compiled and with the flags of its script, and with everything on: metrics,
// access log, forwarding fields, limits. The limit of its cluster is one that is never reached: these loads wait for
// their answers, and as many as there are connections are always under way, whatever the service can do.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Contender, PREFIX } from "../harness/contender.ts";
import { launchPrinting, scratch } from "../harness/launch.ts";

const ROOT = join(import.meta.dirname, "../..");

const UNREACHED = "concurrency: { limit: 100000 }";

let built: Promise<unknown> | undefined;

/** Ports of further endpoints; further options of the only listener, route and cluster, as YAML in a line each. */
interface Options {
  readonly ports?: readonly number[];
  readonly listener?: readonly string[];
  readonly route?: readonly string[];
  readonly cluster?: readonly string[];
}

export const tidegate = sidecar("tidegate", {});

/** Tidegate with these options. */
export function sidecar(name: string, options: Options): Contender {
  return {
    name,
    async available() {
      built ??= promisify(execFile)("npm", ["run", "build"], { cwd: ROOT });
      return built.then(
        () => undefined,
        (error) => `it cannot be built: ${error.stdout}${error.stderr}`,
      );
    },
    start(origin) {
      const file = join(scratch(), "tidegate.yaml");
      writeFileSync(file, config(origin.port, options));
      const main = join(ROOT, "dist/main.js");
      return launchPrinting([...shipped(), main, "run", "--config", file], (line) => {
        const port = /^bench listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
        return port === undefined ? undefined : Number(port);
      });
    },
  };
}

/** How `npm run tidegate` runs Node; a test sees to it that the image does the same. */
function shipped(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  const [, ...words]: string[] = scripts.tidegate.split(" ").slice(0, -1);
  return words.map((word) => (word === "node" ? process.execPath : word));
}

function config(originPort: number, options: Options): string {
  const { ports = [], listener = [], route = [], cluster = [] } = options;
  const endpoints = [originPort, ...ports].map((port) => `127.0.0.1:${port}`);
  const lines = (given: readonly string[], depth: number): string =>
    given.map((line) => `${" ".repeat(depth)}${line}\n`).join("");
  return `health: { bind: 127.0.0.1:0 }
admin: { bind: 127.0.0.1:0 }
log: { level: warn, access: sampled, sample: 0.01, file: /dev/null }
listeners:
  - name: bench
    bind: 127.0.0.1:0
${lines(listener, 4)}    routes:
      - match: { path: ${PREFIX} }
        cluster: app
${lines(route, 8)}clusters:
  - name: app
    endpoints: [${endpoints.join(", ")}]
${lines(cluster.some((line) => line.startsWith("concurrency:")) ? cluster : [UNREACHED, ...cluster], 4)}`;
}
