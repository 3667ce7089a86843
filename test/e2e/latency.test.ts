// What a slow instance, or one that hangs, costs those that meet others: faults D3 and D4.
//
// Two clusters of one sidecar take the same load at the same time, one with the sick instance and one
// without. Whatever the machine does to the one it does to the other, so that their ratio says what the
// instance does.
import t, { type Test } from "tap";

import { isGood, percentile, type Shot } from "../../src/cli/demo/tally.ts";
import { systemClock } from "../../src/core/clock.ts";
import { Daemon } from "../support/daemon.ts";
import { openFire } from "../support/fire.ts";
import { Service } from "../support/service.ts";

const LOAD = { perSecond: 250, seconds: 6 };
const DELAY_MS = 20;

interface Stage {
  readonly daemon: Daemon;
  readonly victim: Service;
}

async function stage(t: Test): Promise<Stage> {
  const [a, b, victim] = await Promise.all(
    ["a", "b", "c"].map((name) => Service.start(name, DELAY_MS)),
  );
  if (a === undefined || b === undefined || victim === undefined)
    throw new Error("three were started");
  const well = [a.address.text, b.address.text];
  const route = (name: string) => ({
    match: { path: `/${name}` },
    cluster: name,
    timeout: "500ms",
  });
  // What a limit that is reached for the first time lets wait is not what this is about.
  const concurrency = { mode: "off" };
  const cluster = { healthCheck: "off", breaker: { open: { base: "60s" } }, concurrency };
  const config = {
    ...{ health: { bind: "127.0.0.1:0" }, admin: { bind: "127.0.0.1:0" }, drain: { delay: "0s" } },
    log: { access: "off", level: "error" },
    listeners: [{ name: "inbound", bind: "127.0.0.1:0", routes: [route("calm"), route("sick")] }],
    clusters: [
      { name: "calm", endpoints: well, ...cluster },
      { name: "sick", endpoints: [...well, victim.address.text], ...cluster },
    ],
  };
  const daemon = await Daemon.start(JSON.stringify(config));
  t.teardown(() => Promise.all([daemon.stop(), ...[a, b, victim].map((each) => each.kill())]));
  return { daemon, victim };
}

interface Compared {
  /** The requests that were due behind the fault, without and with the sick instance. */
  readonly calm: readonly Shot[];
  readonly sick: readonly Shot[];
}

async function compare(daemon: Daemon, fault: () => unknown, load = LOAD): Promise<Compared> {
  const shots = ["calm", "sick"].map((name) =>
    openFire({ origins: [daemon.url], path: `/${name}`, ...load }),
  );
  await daemon.metricReaches("requests_total", (2 * load.perSecond * load.seconds) / 6);
  await fault();
  const at = systemClock.now();
  const [calm = [], sick = []] = (await Promise.all(shots)).map((all) =>
    all.filter((shot) => shot.at > at),
  );
  return { calm, sick };
}

/** How a percentile of what was answered well has grown by the sick instance. */
function growth({ calm, sick }: Compared, share: number): number {
  const of = (shots: readonly Shot[]): number => {
    const latencies = shots.filter(isGood).map(({ latencyMs }) => latencyMs);
    return percentile(
      latencies.toSorted((a, b) => a - b),
      share,
    );
  };
  return of(sick) / of(calm);
}

t.test("D3: an instance hangs: others are answered as quickly as without it", async (t) => {
  const { daemon, victim } = await stage(t);
  const compared = await compare(daemon, () => victim.freeze());
  victim.thaw();
  t.ok(compared.calm.every(isGood));
  const failed = compared.sick.filter((shot) => !isGood(shot)).length;
  t.ok(failed > 0, "some were sent there, or this shows nothing");
  // 1.2 in the simulated world, where nothing else runs: a p99 is the twelfth of the slowest here, which chance alone
  // moves by a fifth.
  const p99 = growth(compared, 0.99);
  t.ok(p99 <= 1.5, `p99 x ${p99}`);
});

t.test(
  "D4: an instance is ten times slower: its share drops, and the rest is as quick",
  async (t) => {
    const { daemon, victim } = await stage(t);
    const asked = (): Promise<number> =>
      daemon.metric("attempts_total", `endpoint="${victim.address.text}"`);
    let before = 0;
    // A dozen requests go there before its first slow answer is seen. Among a thousand they would be the p99.
    const load = { ...LOAD, seconds: 3 * LOAD.seconds };
    const strike = async (): Promise<void> => {
      await victim.slow(10 * DELAY_MS);
      before = await asked();
    };
    const compared = await compare(daemon, strike, load);
    const { calm, sick } = compared;
    t.ok([...calm, ...sick].every(isGood), "nothing fails");
    // About 0.4 % on a machine of its own, 0.6 % where others take half of it.
    const share = ((await asked()) - before) / sick.length;
    t.ok(share <= 0.1, `its share was a third, and is ${share}`);
    t.comment(`share ${share}, p99 x ${growth(compared, 0.99)}`);
    const p99 = growth(compared, 0.99);
    t.ok(p99 <= 2, `p99 x ${p99}`);
  },
);
