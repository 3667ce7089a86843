// Endpoints that fail beside others that do not, and all of them at once: faults D1, D2, D7 and D28.
import t from "tap";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, post, tally } from "../../support/load.ts";
import { values } from "../../support/message.ts";
import { settings } from "../../support/settings.ts";
import { POLITE, type Script, type Seen, Upstream } from "../../support/upstream.ts";

const LOAD = { connections: 10, requests: 200 };
/** For tests that are not about the budget: half of all requests may meet the bad endpoint. */
const PLENTY = { percent: 100, minimumPerSecond: 1000 };
const RESET: Script = { request: (link) => link.reset() };
const SICK: Script = {
  request: (link) => link.write("HTTP/1.1 503 Sick\r\nContent-Length: 4\r\n\r\nsick"),
};

interface Stage {
  readonly daemon: Daemon;
  readonly upstreams: readonly Upstream[];
}

/** A sidecar before one upstream for each script. */
async function stage(
  scripts: readonly Script[],
  retry: Readonly<Record<string, unknown>> = {},
  retryBudget: Readonly<Record<string, number>> = PLENTY,
): Promise<Stage> {
  const upstreams = await Promise.all(scripts.map((script) => Upstream.listen(script)));
  const [first] = upstreams;
  if (first === undefined) throw new Error("a stage needs an upstream");
  const endpoints = upstreams.map(({ address }) => address.text);
  const daemon = await Daemon.start(
    settings(first.address, { retry, cluster: { endpoints, retryBudget } }),
  );
  t.teardown(() => Promise.all([daemon.stop(), ...upstreams.map((each) => each.close())]));
  return { daemon, upstreams };
}

/** As which try each request came, in the order of their numbers. */
function tries(requests: readonly Seen[]): readonly string[] {
  const numbered = requests.map(({ target, fields }) => {
    return `${target} ${values(fields, "x-envoy-attempt-count").join()}`;
  });
  return numbered.toSorted();
}

t.test("one endpoint of two refuses connections: no request fails, whatever it is", async (t) => {
  const { daemon, upstreams } = await stage([POLITE, POLITE]);
  const [good, gone] = upstreams;
  await gone?.close();
  for (const request of [get, post]) {
    const before = good?.requests.length ?? 0;
    t.same(tally(await barrage(daemon.inbound, { ...LOAD, request })), { 200: LOAD.requests });
    const seen = good?.requests.slice(before).map(({ target }) => target) ?? [];
    t.equal(new Set(seen).size, LOAD.requests);
    t.equal(seen.length, LOAD.requests, "each arrived once");
  }
  const refused = await daemon.metric("attempts_total", 'outcome="unreachable"');
  t.ok(refused > 0, "some were sent to the one that refuses, or this shows nothing");
  t.equal(await daemon.metric("retries_total", 'outcome="unreachable"'), refused);
});

t.test("one endpoint of two answers with a RST: a GET goes again, once, elsewhere", async (t) => {
  const { daemon, upstreams } = await stage([RESET, POLITE]);
  t.same(tally(await barrage(daemon.inbound, { ...LOAD, request: get })), { 200: LOAD.requests });
  const [bad = [], good = []] = upstreams.map(({ requests }) => requests);
  t.ok(bad.length > 0);
  t.equal(good.length, LOAD.requests);
  t.ok(
    tries(bad).every((each) => each.endsWith(" 1")),
    "the bad one is tried first or not at all",
  );
  const again = tries(good).filter((each) => each.endsWith(" 2"));
  t.same(
    again.map((each) => each.replace(/ 2$/, " 1")),
    tries(bad),
  );
  t.equal(await daemon.metric("retries_total", 'outcome="reset"'), bad.length);
});

t.test("one endpoint of two answers with a RST: a POST is 502, and is sent once", async (t) => {
  const { daemon, upstreams } = await stage([RESET, POLITE]);
  const shots = await barrage(daemon.inbound, { ...LOAD, request: post });
  const [bad = [], good = []] = upstreams.map(({ requests }) => requests);
  t.ok(bad.length > 0);
  t.same(tally(shots), { 200: good.length, upstream_reset: bad.length });
  t.equal(new Set([...bad, ...good].map(({ target }) => target)).size, LOAD.requests);
  t.equal(bad.length + good.length, LOAD.requests, "exactly one attempt each");
  t.equal(await daemon.metric("retries_total"), 0);
  t.equal(await daemon.metric("retries_denied_total", 'reason="unsafe"'), bad.length);
});

t.test("the access log says why a request was not tried again", async (t) => {
  const upstream = await Upstream.listen(RESET);
  const log = { access: "errors", level: "error" };
  const daemon = await Daemon.start(settings(upstream.address, { log }));
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  await barrage(daemon.inbound, { connections: 1, requests: 1, request: post });
  await daemon.child.bell.until(() => daemon.child.stdout.includes('"detail"'));
  t.match(daemon.child.stdout, /"detail":"[^"]+; not tried again: unsafe"/);
});

t.test(
  "two endpoints of three are bad: with two more tries each GET finds the good one",
  async (t) => {
    const { daemon, upstreams } = await stage([RESET, SICK, POLITE], {
      attempts: 2,
      statuses: [503],
    });
    t.same(tally(await barrage(daemon.inbound, { ...LOAD, request: get })), { 200: LOAD.requests });
    for (const { requests } of upstreams) {
      const targets = requests.map(({ target }) => target);
      t.equal(new Set(targets).size, targets.length, "nobody is asked twice for the same");
    }
    await daemon.metricIs("concurrency_in_flight", 0);
  },
);

t.test(
  "everything fails all the time: the budget bounds what the endpoints are sent",
  async (t) => {
    const budget = { percent: 20, minimumPerSecond: 3 };
    const { daemon, upstreams } = await stage([SICK, SICK], { statuses: [503] }, budget);
    const requests = 2000;
    const shots = await barrage(daemon.inbound, { connections: 16, requests, request: get });
    t.same(tally(shots), { 503: requests }, "the last answer is passed on");
    t.ok(
      shots.every(({ body }) => body === "sick"),
      "as it is",
    );
    const attempts = upstreams.reduce((sum, upstream) => sum + upstream.requests.length, 0);
    const second = upstreams.flatMap((upstream) => tries(upstream.requests)).filter(isSecond);
    t.equal(attempts, requests + second.length);
    t.ok(attempts <= 1.2 * requests + 60, `${attempts} for ${requests}`);
    t.ok(attempts >= 1.19 * requests, "and it is used");
    t.equal(await daemon.metric("retries_total"), second.length);
    t.ok((await daemon.metric("retries_denied_total", 'reason="budget"')) > 0);
    await daemon.metricIs("concurrency_in_flight", 0);
  },
);

t.test("a chain of three sidecars retries in one place", async (t) => {
  const service = await Upstream.listen(SICK);
  const chain: Daemon[] = [];
  let next = service.address;
  for (let hop = 0; hop < 3; hop++) {
    const retry = { statuses: [503] };
    const cluster = { retryBudget: PLENTY };
    const config = settings(next, { retry, cluster, trust: ["127.0.0.0/8"] });
    const daemon = await Daemon.start(config);
    chain.push(daemon);
    next = daemon.inbound;
  }
  t.teardown(() => Promise.all([...chain.map((daemon) => daemon.stop()), service.close()]));
  const shots = await barrage(next, { connections: 1, requests: 10, request: get });
  t.same(tally(shots), { 503: 10 });
  const counts = await Promise.all(chain.map((daemon) => daemon.metric("retries_total")));
  t.same(counts, [10, 10, 10], "each layer tries a first try again");
  t.equal(service.requests.length, 40, "and no retry of another layer: four times, not eight");
});

function isSecond(each: string): boolean {
  return each.endsWith(" 2");
}
