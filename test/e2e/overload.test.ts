// More than a service can do, with real processes: what is learnt against what is known, who leaves the queue, what
// is too late, what report mode would have refused, and what a reload leaves alone.
import { readFileSync, writeFileSync } from "node:fs";
import t, { type Test } from "tap";

import { Service as Slots } from "../../src/cli/demo/service.ts";
import { isGood, percentile, type Shot } from "../../src/cli/demo/tally.ts";
import { systemClock } from "../../src/core/clock.ts";
import { ask, JSON_BODY } from "../control/admins.ts";
import { RawClient } from "../support/client.ts";
import { Daemon } from "../support/daemon.ts";
import { openFire } from "../support/fire.ts";
import { fire, get } from "../support/load.ts";
import { values } from "../support/message.ts";
import { Service } from "../support/service.ts";
import { settings } from "../support/settings.ts";

/** 80 requests a second, so that ten times as much is little to do for the machine. */
const CAPACITY = { workers: 16, serviceMs: 200 };
const PER_SECOND = (CAPACITY.workers * 1000) / CAPACITY.serviceMs;
const SECONDS = 8;
/** What happens at first is learning. */
const LEAD_MS = 4000;

type Side = "told" | "learns";

/** One sidecar before two services that are the same; of the one it knows what it can do. */
async function pair(t: Test): Promise<Daemon> {
  const services = [new Slots(CAPACITY), new Slots(CAPACITY)];
  await Promise.all(services.map((service) => service.start()));
  const limits = { told: CAPACITY.workers, learns: "adaptive" } as const;
  const clusters = (["told", "learns"] as const).map((name, at) => ({
    ...{ name, healthCheck: "off", breaker: "off", concurrency: { limit: limits[name] } },
    endpoints: [`127.0.0.1:${services[at]?.port}`],
  }));
  const route = (cluster: Side) => ({ match: { path: `/${cluster}` }, cluster });
  const config = {
    ...{ health: { bind: "127.0.0.1:0" }, admin: { bind: "127.0.0.1:0" }, drain: { delay: "0s" } },
    log: { access: "off", level: "error" },
    listeners: [{ name: "inbound", bind: "127.0.0.1:0", routes: [route("told"), route("learns")] }],
    clusters,
  };
  const daemon = await Daemon.start(JSON.stringify(config));
  t.teardown(() => Promise.all([daemon.stop(), ...services.map((service) => service.kill())]));
  return daemon;
}

/** Both get so many times what they can do, at the same time; what was due after the lead. */
async function overload(daemon: Daemon, rho: number): Promise<Readonly<Record<Side, Shot[]>>> {
  const from = systemClock.now() + LEAD_MS;
  const load = { origins: [daemon.url], perSecond: rho * PER_SECOND, seconds: SECONDS };
  const [told = [], learns = []] = await Promise.all(
    ["/told", "/learns"].map((path) => openFire({ ...load, path })),
  );
  const late = (shots: readonly Shot[]) => shots.filter(({ at }) => at >= from);
  return { told: late(told), learns: late(learns) };
}

function p99(shots: readonly Shot[]): number {
  const latencies = shots.filter(isGood).map(({ latencyMs }) => latencyMs);
  return percentile(
    latencies.toSorted((a, b) => a - b),
    0.99,
  );
}

for (const rho of [2, 10]) {
  t.test(
    `at ${rho} times its capacity, what was learnt does as well as what is known`,
    async (t) => {
      const daemon = await pair(t);
      const { told, learns } = await overload(daemon, rho);
      const [known, learnt] = [told, learns].map((shots) => shots.filter(isGood).length);
      const goodput = (learnt ?? 0) / (known ?? 0);
      // 0.99 to 1.01 where nothing else runs.
      t.ok(goodput >= 0.85, `goodput x ${goodput}`);
      const latency = p99(learns) / p99(told);
      t.ok(latency <= 2, `p99 x ${latency}`);
      const refused = learns.filter((shot) => !isGood(shot));
      t.ok(refused.length >= (learns.length * (rho - 1)) / rho / 2, "more came than can be done");
      const why = new Set(refused.map(({ status, reason }) => `${status} ${reason}`));
      const reasons = ["queue_full", "queue_timeout", "shed_priority"].map((each) => `503 ${each}`);
      t.strictSame(
        [...why].filter((each) => !reasons.includes(each)),
        [],
      );
    },
  );
}

t.test("what was learnt outlives a reload", async (t) => {
  const daemon = await pair(t);
  const load = { origins: [daemon.url], perSecond: 4 * PER_SECOND, seconds: 4 };
  await openFire({ ...load, path: "/learns" });
  const limit = (): Promise<number> => daemon.metric("concurrency_limit", 'cluster="learns"');
  const before = await limit();
  t.ok(before > 8, `it has learnt: ${before}, and began with 8`);
  const text = readFileSync(daemon.file, "utf8");
  writeFileSync(daemon.file, text.replace('"path":"/told"', '"path":"/known"'));
  const reload = await ask(daemon.admin, "/reload", { method: "POST", headers: JSON_BODY });
  t.match(reload, { status: 200, body: /"reloaded"/ });
  const after = await limit();
  // Nothing comes, so that it learns nothing in between; what it was trying may have ended.
  t.ok(Math.abs(after / before - 1) <= 0.3, `${before}, and ${after} after the reload`);
});

/** One request at a time, each for as long as the service takes. */
async function narrow(t: Test, concurrency: object, delayMs: number): Promise<Daemon> {
  const service = await Service.start("a", delayMs);
  const wanted = { trust: ["127.0.0.0/8"], cluster: { concurrency: { limit: 1, ...concurrency } } };
  const daemon = await Daemon.start(settings(service.address, wanted));
  t.teardown(() => Promise.all([daemon.stop(), service.kill()]));
  return daemon;
}

const GET = "GET / HTTP/1.1\r\nHost: a\r\n";

async function send(daemon: Daemon, fields = ""): Promise<RawClient> {
  const client = await RawClient.connect(daemon.inbound);
  client.request("GET", `${GET}${fields}\r\n`);
  return client;
}

t.test("clients that hang up while they wait are never sent on", async (t) => {
  const daemon = await narrow(t, { queue: { size: 50, wait: "1m" } }, 1000);
  const first = await send(daemon);
  await daemon.metricIs("concurrency_in_flight", 1);
  const waiting = await Promise.all(Array.from({ length: 20 }, () => send(daemon)));
  await daemon.metricIs("queue_depth", 20);
  for (const client of waiting.slice(1)) client.close();
  await daemon.metricIs("queue_depth", 1);
  await Promise.all(
    [first, waiting[0]].map((client) => client?.bell.until(() => client.responses.length > 0)),
  );
  t.strictSame(
    [first, waiting[0]].map((client) => client?.responses[0]?.status),
    [200, 200],
  );
  await daemon.metricIs("attempts_total", 2);
});

t.test(
  "what waits past its deadline, or comes with too little time, is told so and never sent on",
  async (t) => {
    const daemon = await narrow(t, { queue: { size: 50, wait: "1m" } }, 1000);
    const first = await send(daemon);
    await daemon.metricIs("concurrency_in_flight", 1);
    const late = await send(daemon, "x-envoy-expected-rq-timeout-ms: 100\r\n");
    await late.bell.until(() => late.responses.length > 0);
    const { status, fields } = late.responses[0] ?? { fields: [] };
    t.strictSame([status, values(fields, "x-tidegate-reason")], [504, ["deadline_expired"]]);
    t.equal(await daemon.metric("refusals_total", 'reason="deadline_expired"'), 1);
    t.equal(first.responses.length, 0, "the other one is still worked on");
    await first.bell.until(() => first.responses.length > 0);
    await daemon.metricIs("attempts_total", 1);
  },
);

t.test("report mode refuses nothing, and counts what it would have", async (t) => {
  const daemon = await narrow(t, { mode: "report", queue: { size: 0 } }, 200);
  const shots = await Promise.all(
    Array.from({ length: 10 }, async () =>
      fire(await RawClient.connect(daemon.inbound), 1, get(1)),
    ),
  );
  t.strictSame([...new Set(shots.map(({ status }) => status))], [200]);
  t.equal(await daemon.metric("refusals_total"), 0);
  t.ok((await daemon.metric("would_refuse_total", 'reason="queue_full"')) >= 1);
});
