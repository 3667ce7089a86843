// Policies where they meet: health x breaker, backups x cap, breaker x retry, deadline x retry.
import t, { type Test } from "tap";
import { RawClient } from "../support/client.ts";
import { fire, get } from "../support/load.ts";
import { values } from "../support/message.ts";
import { scrape } from "../support/scrape.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { type Script, Upstream } from "../support/upstream.ts";
import { BREAKER, make, settingsOf } from "./clusters.ts";

const OPEN = { base: 1000, max: 1000, jitter: 0 };

t.test("health x breaker: who is both down and open comes back through both", async (t) => {
  const { cluster, clock, at, find, fail, succeed } = make(["a:1", "b:1"]);
  cluster.update(settingsOf(["a:1", "b:1"], [], { breaker: { ...BREAKER, open: OPEN } }));
  const why = () => at("a:1").unusable(clock.now());
  fail("a:1");
  fail("a:1");
  find("a:1", "unhealthy");
  clock.pass(5000);
  t.equal(why(), "down", "the open time is over, and it is not asked all the same");
  find("a:1", "healthy");
  t.equal(why(), undefined);
  t.equal(at("a:1").breaker?.state, "half_open", "and then it has its trials to pass");
  for (let n = 0; n < 3; n++) succeed("a:1");
  t.equal(at("a:1").breaker?.state, "closed");
  t.ok(at("a:1").share(clock.now()) < 0.1, "and comes back little by little");
});

t.test("health x breaker: neither ends what the other has found", async (t) => {
  const { clock, at, find, fail, succeed } = make(["a:1", "b:1"]);
  fail("a:1");
  fail("a:1");
  for (let n = 0; n < 10; n++) find("a:1", "healthy");
  t.equal(at("a:1").unusable(clock.now()), "open", "probes that pass close no breaker");
  find("b:1", "unhealthy");
  for (let n = 0; n < 10; n++) succeed("b:1");
  t.equal(at("b:1").unusable(clock.now()), "down", "requests that end well heal nobody");
});

t.test("health x breaker: it comes back by the slower one of two ramps", async (t) => {
  const { cluster, clock, at, find, fail, succeed } = make(["a:1", "b:1"]);
  const breaker = { ...BREAKER, open: OPEN, ramp: 60_000 };
  cluster.update(settingsOf(["a:1", "b:1"], [], { breaker }));
  fail("a:1");
  fail("a:1");
  find("a:1", "unhealthy");
  clock.pass(1000);
  find("a:1", "healthy");
  for (let n = 0; n < 3; n++) succeed("a:1");
  clock.pass(15_000);
  t.equal(at("a:1").share(clock.now()), 0.25);
});

t.test("backups x cap: neither a failover nor a second try goes beyond it", async (t) => {
  const { at, clock, pick, find } = make(["a:1", "b:1"], ["x:1", "y:1"], 2);
  find("b:1", "unhealthy");
  t.equal(pick("a:1"), "x:1");
  at("x:1").enter(clock.now());
  at("y:1").enter(clock.now());
  t.equal(pick("a:1"), "a:1", "rather once more where it has been");
  find("a:1", "unhealthy");
  t.equal(pick(), undefined);
  at("x:1").leave();
  t.equal(pick(), "x:1");
});

/** A sidecar before an upstream with this script, which is always tried first, and one that is well. */
async function open(t: Test, scripts: readonly (Script | undefined)[], wanted: Settings) {
  const ends = await Promise.all(scripts.map((script) => Upstream.listen(script)));
  const [first] = ends;
  if (first === undefined) throw new Error("no upstream");
  const endpoints = ends.map(({ address }) => address.text);
  const cluster = { endpoints, ...wanted.cluster };
  const random = { next: () => 0, id: () => "id" };
  const sidecar = await startHere(settings(first.address, { ...wanted, cluster }), { random });
  const client = await RawClient.connect(addressOf(sidecar));
  t.teardown(async () => {
    client.close();
    await sidecar.close();
    await Promise.all(ends.map((each) => each.close()));
  });
  const metric = (name: string, labels = "") => scrape(addressOf(sidecar, "health"), name, labels);
  return { ends, client, metric };
}

const SICK: Script = {
  request: (link) => link.write("HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"),
};

t.test("breaker x retry: what is tried again counts, and an open breaker ends it", async (t) => {
  const { ends, client, metric } = await open(t, [SICK, undefined], {
    retry: { attempts: 1, statuses: [503] },
    cluster: { breaker: { consecutiveFailures: 3, open: { base: "1h", max: "1h" } } },
  });
  for (let id = 0; id < 20; id++) t.equal((await fire(client, id, get(id))).status, 200);
  t.equal(ends[0]?.requests.length, 3);
  t.equal(await metric("retries_total"), 3, "no retries are spent on it any more");
  t.equal(ends[1]?.requests.length, 20);
});

t.test("breaker x retry: retries that the budget denies are failures as well", async (t) => {
  const { ends, client, metric } = await open(t, [SICK, undefined], {
    retry: { attempts: 1, statuses: [503] },
    cluster: {
      retryBudget: { percent: 0, minimumPerSecond: 0 },
      breaker: { consecutiveFailures: 3, open: { base: "1h", max: "1h" } },
    },
  });
  const statuses: number[] = [];
  for (let id = 0; id < 6; id++) statuses.push((await fire(client, id, get(id))).status);
  t.strictSame(statuses, [503, 503, 503, 200, 200, 200]);
  t.equal(await metric("retries_denied_total", 'cluster="app",reason="budget"'), 3);
  t.equal(ends[0]?.requests.length, 3);
});

t.test(
  "deadline x retry: a second try has what the first one has left, and no third is made",
  async (t) => {
    const mute: Script = { request: () => {} };
    const { ends, client, metric } = await open(t, [mute, mute, undefined], {
      timeout: "300ms",
      retry: { attempts: 5, perTryTimeout: "200ms" },
    });
    const shot = await fire(client, 0, get(0));
    t.match(shot, { status: 504, reason: "upstream_timeout" });
    const given = ends.flatMap(({ requests }) =>
      requests.map(({ fields }) => Number(values(fields, "x-envoy-expected-rq-timeout-ms")[0])),
    );
    t.equal(given.length, 2);
    t.ok((given[0] ?? 0) <= 200 && (given[1] ?? 0) <= 100, `${given}`);
    t.equal(await metric("retries_denied_total", 'cluster="app",reason="deadline"'), 1);
  },
);
