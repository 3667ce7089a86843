// Instances of a service that are killed, freeze or are swallowed by the network while requests come in,
// as they do in life: on their own time. Faults D1, D3, D5 and D6.
import { join } from "node:path";
import t, { type Test } from "tap";

import { isGood, type Shot as Timed } from "../../../src/cli/demo/tally.ts";
import { type Address, tcpAddress } from "../../../src/core/address.ts";
import { Daemon } from "../../support/daemon.ts";
import { openFire } from "../../support/fire.ts";
import { barrage, get, post, tally } from "../../support/load.ts";
import { Child } from "../../support/process.ts";
import { Service } from "../../support/service.ts";
import { settings } from "../../support/settings.ts";
import { tool } from "../../support/tool.ts";

const PER_SECOND = 500;

/** An endpoint that has tripped stays so: what comes after the fault is counted, not timed. */
const TRIPS = { open: { base: "60s", jitter: 0 } };
const FAILURES = 5;

interface Stage {
  readonly daemon: Daemon;
  readonly victim: Service;
  /** As metrics name it. */
  readonly label: string;
}

/** A sidecar before three instances, of which one is the victim. */
async function stage(
  t: Test,
  wanted: Parameters<typeof settings>[1] = {},
  delayMs = 0,
): Promise<Stage> {
  const services = await Promise.all(["a", "b", "c"].map((name) => Service.start(name, delayMs)));
  const [victim] = services;
  if (victim === undefined) throw new Error("three were started");
  const endpoints = services.map(({ address }) => address.text);
  const cluster = { endpoints, breaker: TRIPS };
  const daemon = await Daemon.start(settings(victim.address, { cluster, ...wanted }));
  t.teardown(() => Promise.all([daemon.stop(), ...services.map((each) => each.kill())]));
  return { daemon, victim, label: `endpoint="${victim.address.text}"` };
}

/** GETs as they come, whether or not earlier ones were answered; `fault` hits when a third has been answered. */
async function struck(
  { daemon }: Stage,
  fault: () => unknown,
  seconds = 3,
): Promise<readonly Timed[]> {
  const load = { origins: [daemon.url], path: "/", perSecond: PER_SECOND, seconds };
  const shots = openFire(load);
  await daemon.metricReaches("requests_total", (PER_SECOND * seconds) / 3);
  await fault();
  return shots;
}

/** How many requests and tries there were for each request. */
async function triesPerRequest(daemon: Daemon): Promise<number> {
  return (await daemon.metric("attempts_total")) / (await daemon.metric("requests_total"));
}

t.test("D1: one of three is killed: no GET fails, and few are sent there in vain", async (t) => {
  const here = await stage(t, {}, 5);
  const { daemon, victim, label } = here;
  const shots = await struck(here, () => victim.kill());
  t.same(
    shots.filter((shot) => !isGood(shot)),
    [],
    `${shots.length} requests`,
  );
  t.ok((await triesPerRequest(daemon)) <= 1.2);
  const refused = await daemon.metric("attempts_total", `${label},outcome="unreachable"`);
  const reset = await daemon.metric("attempts_total", `${label},outcome="reset"`);
  t.ok(refused + reset >= FAILURES, "some were sent there, or this shows nothing");
  t.equal(await daemon.metric("breaker_state", label), 1, "and then no more");
  // What was under way when it died, and what was sent before the first five had failed.
  t.ok(refused + reset <= shots.length / 10, `${refused} refused, ${reset} reset`);
});

t.test("D1: one of three is killed: only POSTs fail that were in flight there", async (t) => {
  const { daemon, victim, label } = await stage(t, {}, 5);
  const load = { connections: 10, requests: 600 };
  let killed: Promise<void> | undefined;
  const request = (id: number) => {
    if (id === load.requests / 3) killed = victim.kill();
    return post(id);
  };
  const {
    200: good = 0,
    upstream_reset: failed = 0,
    ...others
  } = tally(await barrage(daemon.inbound, { ...load, request }));
  await killed;
  t.same(others, {});
  t.equal(good + failed, load.requests);
  t.ok(failed > 0 && failed <= load.connections, `${failed} failed`);
  // Whoever found it dead had sent nothing, and went elsewhere.
  t.equal(await daemon.metric("attempts_total", `${label},outcome="reset"`), failed);
  t.ok((await triesPerRequest(daemon)) <= 1.2);
});

t.test(
  "D3: one of three hangs: requests there are 504, until its load or its breaker keeps them away",
  async (t) => {
    const here = await stage(t, { timeout: "500ms" });
    const { daemon, victim, label } = here;
    // Five seconds of it: one request after the other finds out that it is not answered.
    const shots = await struck(here, () => victim.freeze(), 7.5);
    const failed = shots.filter((shot) => !isGood(shot));
    t.same(
      new Set(failed.map(({ status, reason }) => `${status} ${reason}`)),
      new Set(["504 upstream_timeout"]),
    );
    t.equal(await daemon.metric("attempts_total", `${label},outcome="timed_out"`), failed.length);
    t.ok(failed.length >= FAILURES, "some were sent there, or this shows nothing");
    t.equal(await daemon.metric("breaker_state", label), 1);
    // What it does not answer makes it the busiest, and keeps others from it, even before the five that trip it.
    t.ok(failed.length <= shots.length / 50, `${failed.length} of ${shots.length}`);
    victim.thaw();
  },
);

t.test("D5: one of three is stopped: no GET fails where a try has a time of its own", async (t) => {
  const here = await stage(t, { timeout: "10s", retry: { perTryTimeout: "300ms" } });
  const { daemon, victim, label } = here;
  const shots = await struck(here, () => victim.freeze());
  t.same(
    shots.filter((shot) => !isGood(shot)),
    [],
    `${shots.length} requests`,
  );
  const late = await daemon.metric("attempts_total", `${label},outcome="timed_out"`);
  t.ok(late >= FAILURES, "some were sent there, or this shows nothing");
  t.equal(await daemon.metric("breaker_state", label), 1);
  t.ok((await triesPerRequest(daemon)) <= 1.2);
  victim.thaw();
});

/** An address on which connections are neither accepted nor refused. */
async function blackhole(t: Test): Promise<Address> {
  const script = join(import.meta.dirname, "blackhole.py");
  const hole = Child.start(tool("python3"), [script], { stdio: ["pipe", "pipe", "pipe"] });
  t.teardown(() => hole.kill());
  const [, port] = await hole.says(/blackhole on ([0-9]+)/);
  return tcpAddress("127.0.0.1", Number(port));
}

t.test("D6: the network swallows connections to one of three: no request fails", async (t) => {
  const [hole, ...good] = await Promise.all([blackhole(t), Service.start("a"), Service.start("b")]);
  const endpoints = [hole.text, ...good.map(({ address }) => address.text)];
  const cluster = { endpoints, connectTimeout: "200ms", breaker: TRIPS };
  const daemon = await Daemon.start(settings(hole, { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), ...good.map((each) => each.kill())]));
  const lost = (): Promise<number> =>
    daemon.metric("attempts_total", `endpoint="${hole.text}",outcome="unreachable"`);
  // Nothing was sent, so that even what must not be done twice goes again.
  for (const request of [post, get]) {
    t.same(tally(await barrage(daemon.inbound, { connections: 20, requests: 400, request })), {
      200: 400,
    });
  }
  t.ok((await lost()) >= FAILURES, "some were sent there, or this shows nothing");
  t.equal(await daemon.metric("breaker_state", `endpoint="${hole.text}"`), 1);
  t.equal(await daemon.metric("retries_total", 'outcome="unreachable"'), await lost());
});
