import { execFileSync } from "node:child_process";
import { join } from "node:path";
import t from "tap";
import { ADMIN_CONNECTIONS } from "../../src/control/admin.ts";
import {
  connectionCap,
  descriptorLimit,
  RESERVED_DESCRIPTORS,
} from "../../src/control/descriptors.ts";
import { HEALTH_CONNECTIONS } from "../../src/control/health.ts";

const limits = (soft: string): string =>
  [
    "Limit                     Soft Limit           Hard Limit           Units     ",
    "Max processes             63432                63432                processes ",
    `Max open files            ${soft.padEnd(20)} 524288               files     `,
    "Max locked memory         8388608              8388608              bytes     ",
  ].join("\n");

t.test("the soft limit on open files is what counts", async (t) => {
  t.equal(
    descriptorLimit(() => limits("1024")),
    1024,
  );
  t.equal(
    descriptorLimit(() => limits("unlimited")),
    Number.POSITIVE_INFINITY,
  );
});

t.test("where the system does not say, there is no limit", async (t) => {
  t.equal(
    descriptorLimit(() => ""),
    Number.POSITIVE_INFINITY,
  );
  const missing = (): string => {
    throw new Error("ENOENT");
  };
  t.equal(descriptorLimit(missing), Number.POSITIVE_INFINITY);
});

t.test("a process under ulimit reads its own limit", async (t) => {
  const file = join(import.meta.dirname, "../../src/control/descriptors.ts");
  const script = `import(${JSON.stringify(file)}).then((m) => console.log(m.descriptorLimit()))`;
  const command = `ulimit -n 256 && exec "$0" -e '${script}'`;
  const printed = execFileSync("sh", ["-c", command, process.execPath], { encoding: "utf8" });
  const expected = process.platform === "linux" ? 256 : Number.POSITIVE_INFINITY;
  t.equal(Number(printed.trim()), expected);
});

t.test("each client connection is given two descriptors, beside the reserve", async (t) => {
  t.equal(connectionCap(10_000, 256), 88);
  t.equal(connectionCap(10_000, 1024), 472);
  t.equal(connectionCap(10_000, 1_048_576), 10_000);
  t.equal(connectionCap(10, 1024), 10);
  t.equal(connectionCap(10_000, Number.POSITIVE_INFINITY), 10_000);
  t.equal(connectionCap(10_000, 20), 1, "however few there are, one can come in");
});

t.test(
  "the reserve has room for health and admin, and 30 more for Node and the logs",
  async (t) => {
    t.ok(HEALTH_CONNECTIONS + ADMIN_CONNECTIONS + 30 <= RESERVED_DESCRIPTORS);
  },
);
