// A service of two processes of which one stops: whoever hedges does not notice.
import { writeFileSync } from "node:fs";
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, post, tally } from "../../support/load.ts";
import { Service } from "../../support/service.ts";
import { settings } from "../../support/settings.ts";

const LOAD = { connections: 8, requests: 200, request: get };
const PLENTY = { percent: 100, minimumPerSecond: 1000 };

/** What `GET /state` says of the only cluster. */
async function clusterOf(daemon: Daemon) {
  const response = await fetch(`http://${daemon.admin.text}/state`);
  return JSON.parse(await response.text()).clusters[0];
}

t.test("one of two stands still: each GET is answered, and what is late goes twice", async (t) => {
  const [still, well] = await Promise.all([Service.start("still"), Service.start("well")]);
  const endpoints = [still.address.text, well.address.text];
  const config = (timeout: string): string =>
    settings(still.address, {
      timeout,
      log: { access: "all", level: "error" },
      retry: { hedge: { delay: "p95" } },
      cluster: { endpoints, retryBudget: PLENTY },
    });
  const daemon = await Daemon.start(config("20s"));
  t.teardown(() => Promise.all([daemon.stop(), still.kill(), well.kill()]));
  t.same((await clusterOf(daemon)).hedges, [{ route: "all" }], "nothing is known yet");
  t.same(tally(await barrage(daemon.inbound, LOAD)), { 200: LOAD.requests });
  const { hedges: learnt, retryBudget } = await clusterOf(daemon);
  t.ok(learnt[0]?.delayMs > 0, `after ${learnt[0]?.delayMs} ms`);
  t.equal(retryBudget.remaining, await daemon.metric("retry_budget_remaining"));
  writeFileSync(daemon.file, config("30s"));
  const reloaded = await fetch(`http://${daemon.admin.text}/reload`, {
    method: "POST",
    headers: { "content-type": "application/json" },
  });
  t.match(await reloaded.json(), { status: /^(?:reloaded|unchanged)$/ }, "the watch may be first");

  const before = await daemon.metric("hedges_total");
  const triesBefore = await daemon.metric("attempts_total");
  still.freeze();
  const shots = await barrage(daemon.inbound, LOAD);
  t.same(tally(shots), { 200: LOAD.requests });
  t.ok(
    shots.every(({ body }) => body === "well"),
    "what is known of the answers so far outlives a reload",
  );
  const hedges = (await daemon.metric("hedges_total")) - before;
  const tries = (await daemon.metric("attempts_total")) - triesBefore;
  t.ok(hedges > 0);
  t.equal(tries, LOAD.requests + hedges, "two tries at most");
  await daemon.metricIs("concurrency_in_flight", 0);
  await daemon.child.bell.until(() => daemon.child.stdout.includes('"attempts":2,"hedge":"won"'));
});

t.test("without hedging for a POST: it waits for its endpoint", async (t) => {
  const [still, well] = await Promise.all([Service.start("still"), Service.start("well")]);
  const endpoints = [still.address.text, well.address.text];
  const retry = { hedge: { delay: "10ms" } };
  const wanted = { retry, timeout: "300ms", cluster: { endpoints, retryBudget: PLENTY } };
  const daemon = await Daemon.start(settings(still.address, wanted));
  t.teardown(() => Promise.all([daemon.stop(), still.kill(), well.kill()]));
  still.freeze();
  const load = { connections: 4, requests: 20, request: post };
  const { upstream_timeout: late = 0, 200: good = 0 } = tally(await barrage(daemon.inbound, load));
  t.ok(late > 0);
  t.equal(late + good, load.requests);
  t.equal(await daemon.metric("attempts_total"), load.requests, "each was sent once");
  t.equal(await daemon.metric("hedges_total"), 0);
});
