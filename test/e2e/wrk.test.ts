// Many connections at once, as wrk makes them.
import t from "tap";
import { Daemon } from "../support/daemon.ts";
import { Nginx } from "../support/nginx.ts";
import { run } from "../support/process.ts";
import { settings } from "../support/settings.ts";
import { tool } from "../support/tool.ts";

t.test("wrk sees no socket error and no status but 200", async (t) => {
  const nginx = await Nginx.start({ "100k.bin": Buffer.alloc(100_000, "x") });
  const daemon = await Daemon.start(
    settings(nginx.address, {
      log: { access: "errors", level: "warn" },
      // Few enough for every limit on open files, so that there is no reason to warn.
      limits: { connections: 600 },
    }),
  );
  t.teardown(() => Promise.all([daemon.stop(), nginx.stop()]));
  const wrk = async (connections: string, path: string, ...more: string[]): Promise<string> => {
    const args = ["-t", "1", "-c", connections, "-d", "1s", ...more, daemon.url + path];
    return (await run(tool("wrk"), args)).stdout;
  };
  const runs = [
    await wrk("1", "/"),
    await wrk("64", "/"),
    await wrk("500", "/"),
    await wrk("16", "/100k.bin"),
    await wrk("16", "/", "-H", "Connection: close"),
  ];
  const pattern = /([0-9]+) requests in/;
  for (const output of runs) {
    t.notMatch(output, /Socket errors|Non-2xx/);
    t.ok(Number(pattern.exec(output)?.[1]) > 100, output);
  }
  const counted = runs.reduce((sum, output) => sum + Number(pattern.exec(output)?.[1]), 0);
  const answered = await daemon.metric("requests_total", 'code="200"');
  // wrk does not count the answers that it cuts off when its time is over.
  t.ok(answered >= counted, `${answered} counted by us, ${counted} by wrk`);
  await daemon.metricIs("concurrency_in_flight", 0);
  await daemon.metricIs("downstream_connections", 0);
  t.notMatch(daemon.child.stderr, /"level"/, "nothing to complain about");
});
