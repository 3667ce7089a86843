// What flags alone ask for, as the config that runs.
import t from "tap";
import { readArguments, UsageError } from "../../src/cli/arguments.ts";
import { starterFrom } from "../../src/cli/starter.ts";
import { parseConfig } from "../../src/control/config/load.ts";

const FLAGS = { upstream: "value", backup: "value", listen: "value" } as const;

function configFrom(...args: string[]) {
  const parsed = parseConfig("flags", starterFrom(readArguments(args, FLAGS)), {});
  if (!parsed.ok) throw new Error(parsed.errors.map(({ message }) => message).join("\n"));
  const { listeners, clusters } = parsed.config;
  return {
    binds: listeners.map(({ bind }) => bind.text),
    endpoints: clusters.flatMap(({ endpoints }) => endpoints.map(({ address }) => address.text)),
    backups: clusters.flatMap(({ backups }) => backups.map(({ address }) => address.text)),
  };
}

t.test("--upstream, --backup and --listen each say one thing of the config", async (t) => {
  const upstream = ["--upstream", "127.0.0.1:3000"];
  const usual = configFrom(...upstream);
  t.strictSame(usual.endpoints, ["127.0.0.1:3000"]);
  t.strictSame(usual.backups, []);
  t.strictSame(configFrom(...upstream, "--listen", "127.0.0.1:8123"), {
    ...usual,
    binds: ["127.0.0.1:8123"],
  });
  t.strictSame(configFrom(...upstream, "--backup", "10.0.0.7:3000"), {
    ...usual,
    backups: ["10.0.0.7:3000"],
  });
});

t.test("what is no address is told with its flag", async (t) => {
  for (const flag of ["upstream", "backup", "listen"]) {
    t.throws(() => configFrom(`--${flag}`, "127.0.0.1"), {
      constructor: UsageError,
      message: new RegExp(`^--${flag} `),
    });
  }
});
