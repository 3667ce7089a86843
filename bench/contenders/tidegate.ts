// The sidecar as it is shipped, with everything on: metrics, access log, forwarding fields, limits.
import { existsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type Contender, PREFIX } from "../harness/contender.ts";
import { launchPrinting, scratch } from "../harness/launch.ts";

const MAIN = join(import.meta.dirname, "../../src/main.ts");

export const tidegate: Contender = {
  name: "tidegate",
  available: async () => (existsSync(MAIN) ? undefined : "src/main.ts does not exist"),
  start(origin) {
    const file = join(scratch(), "tidegate.yaml");
    writeFileSync(file, config(origin.port));
    // The flag that `npm run tidegate` and the image give to Node, too.
    const nursery = "--max-semi-space-size=8";
    const command = [process.execPath, nursery, MAIN, "run", "--config", file];
    return launchPrinting(command, (line) => {
      const port = /^bench listening on 127\.0\.0\.1:(\d+)$/.exec(line)?.[1];
      return port === undefined ? undefined : Number(port);
    });
  },
};

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
