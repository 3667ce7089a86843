// A sidecar that has more to do than it can do, in a process of its own, under the load of wrk.
import t, { type Test } from "tap";
import { Daemon } from "../support/daemon.ts";
import { lookUntil } from "../support/look.ts";
import { Nginx } from "../support/nginx.ts";
import { run } from "../support/process.ts";
import { settings } from "../support/settings.ts";
import { tool } from "../support/tool.ts";

interface Protection {
  readonly stage: string;
  readonly utilisation: number;
  readonly delayMs: number;
}

/** A sidecar whose timers may be late by `delay`, before a quick service. Without a word requests are SHEDDABLE. */
async function open(t: Test, delay: string) {
  const nginx = await Nginx.start();
  const criticality = { header: "x-criticality", default: "SHEDDABLE" };
  const text = settings(nginx.address, { trust: ["127.0.0.0/8"], route: { criticality } });
  const config = { ...JSON.parse(text), selfProtection: { delay } };
  const daemon = await Daemon.start(JSON.stringify(config));
  t.teardown(() => Promise.all([daemon.stop(), nginx.stop()]));
  const protection = async (): Promise<Protection> => {
    const state = await fetch(`http://${daemon.admin.text}/state`);
    return ((await state.json()) as { protection: Protection }).protection;
  };
  const flood = (connections: string) =>
    run(tool("wrk"), ["-t", "1", "-c", connections, "-d", "3s", `${daemon.url}/`]);
  return { daemon, protection, flood };
}

t.test("one that is never idle and not late refuses nobody", async (t) => {
  const { daemon, protection, flood } = await open(t, "100ms");
  const flooded = flood("256");
  let busiest = 0;
  let over = false;
  void flooded.then(() => {
    over = true;
  });
  await lookUntil(async () => {
    busiest = Math.max(busiest, (await protection()).utilisation);
    return over;
  }, "the end of the flood");
  t.ok(busiest > 0.95, `it was saturated, or this shows nothing: ${busiest}`);
  t.notMatch((await flooded).stdout, /Non-2xx/);
  t.equal(await daemon.metric("refusals_total"), 0);
});

t.test(
  "one that is late refuses what is sheddable, answers what is critical, and recovers",
  async (t) => {
    const { daemon, protection, flood } = await open(t, "1ms");
    const flooded = flood("500");
    await daemon.metricReaches("refusals_total", 100, 'reason="self_overload"');
    const headers = { "x-criticality": "CRITICAL" };
    for (let i = 0; i < 20; i++) t.equal((await fetch(daemon.url, { headers })).status, 200);
    for (const path of ["livez", "readyz"]) {
      t.equal((await fetch(`http://${daemon.health.text}/${path}`)).status, 200);
    }
    t.match((await flooded).stdout, /Non-2xx/);
    t.equal(await daemon.metric("refusals_total", 'criticality="CRITICAL"'), 0);
    await lookUntil(async () => (await protection()).stage === "calm", "calm");
    t.equal((await fetch(daemon.url)).status, 200);
  },
);
