// The sidecar as it is shipped, compiled and with the flags of its script, and with everything on: metrics,
// access log, forwarding fields, limits.
import { execFile } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { promisify } from "node:util";
import { type Contender, PREFIX } from "../harness/contender.ts";
import { launchPrinting, scratch } from "../harness/launch.ts";

const ROOT = join(import.meta.dirname, "../..");

let built: Promise<unknown> | undefined;

export const tidegate: Contender = {
  name: "tidegate",
  async available() {
    built ??= promisify(execFile)("npm", ["run", "build"], { cwd: ROOT });
    return built.then(
      () => undefined,
      (error) => `it cannot be built: ${error.stdout}${error.stderr}`,
    );
  },
  start(origin) {
    const file = join(scratch(), "tidegate.yaml");
    writeFileSync(file, config(origin.port));
    const main = join(ROOT, "dist/main.js");
    const command = [process.execPath, ...flags(), main, "run", "--config", file];
    return launchPrinting(command, (line) => {
      const port = /^bench listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
      return port === undefined ? undefined : Number(port);
    });
  },
};

/** What `npm run tidegate` gives to Node; a test sees to it that the image gives the same. */
function flags(): string[] {
  const { scripts } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  return scripts.tidegate.split(" ").slice(1, -1);
}

function config(originPort: number): string {
  return `health: { bind: 127.0.0.1:0 }
admin: { bind: 127.0.0.1:0 }
log: { level: warn, access: sampled, sample: 0.01, file: /dev/null }
listeners:
  - name: bench
    bind: 127.0.0.1:0
    routes:
      - match: { path: ${PREFIX} }
        cluster: app
clusters:
  - name: app
    endpoints: [127.0.0.1:${originPort}]
`;
}
