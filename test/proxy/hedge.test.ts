// Requests that go out a second time while the first try waits: who wins, and what becomes of the other.
import t from "tap";
import { get, post } from "../support/load.ts";
import { values } from "../support/message.ts";
import type { Settings } from "../support/settings.ts";
import { type Link, OK, type Script, Upstream } from "../support/upstream.ts";
import { answer, HOLD, Pair } from "./pair.ts";

const HEDGE = { hedge: { delay: "20ms" } };

/** `bad` is asked first, and `good` when that is late; both are told what to do. */
function open(bad: Script, good: Script = {}, wanted: Settings = {}): Promise<Pair> {
  return Pair.open(bad, { ...wanted, retry: { ...HEDGE, ...wanted.retry } }).then((pair) => {
    if (good.request !== undefined) pair.good.script = good;
    return pair;
  });
}

/** Lets the request that `upstream` holds end so. */
function release(upstream: Upstream, end: (link: Link) => void): void {
  const link = upstream.requests.at(-1)?.link;
  if (link === undefined) throw new Error("nothing is held");
  end(link);
}

/** Resolves when the only connection that `upstream` ever had is closed. */
async function cut(upstream: Upstream): Promise<void> {
  await upstream.bell.until(() => upstream.links[0]?.closed === true);
  t.equal(upstream.links.length, 1);
}

const tries = ({ requests }: Upstream): string[] =>
  requests.flatMap(({ fields }) => values(fields, "x-envoy-attempt-count"));

const ok = (link: Link): void => link.write(OK);

t.test("the second try is answered first: the first one is cancelled", async (t) => {
  const pair = await open(HOLD);
  const { status, body } = await pair.fire();
  t.same([status, body], [200, "ok"]);
  await cut(pair.bad);
  t.same([tries(pair.bad), tries(pair.good)], [["1"], ["2"]]);
  t.equal(await pair.metric("hedges_total", 'result="won"'), 1);
  t.equal(await pair.metric("attempts_total", 'outcome="cancelled"'), 1);
  t.equal(await pair.metric("attempts_total", 'outcome="answered"'), 1);
  t.equal(await pair.metric("retries_total"), 0);
  await pair.metricIs("concurrency_in_flight", 0);
});

t.test("the first try is answered after all: the second one is cancelled", async (t) => {
  const pair = await open(HOLD, { request: () => release(pair.bad, ok) });
  t.equal((await pair.fire()).status, 200);
  await cut(pair.good);
  t.equal(pair.bad.open.length, 1, "and the connection is kept");
  t.equal(await pair.metric("hedges_total", 'result="lost"'), 1);
});

t.test("an answer of which more comes is read to its end", async (t) => {
  const half = "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nha";
  const pair = await open(HOLD, {
    request: (link) => {
      link.write(half);
      pair.bad.bell.until(() => pair.bad.links[0]?.closed === true).then(() => link.write("lf"));
    },
  });
  const { status, body } = await pair.fire();
  t.same([status, body], [200, "half"]);
  t.equal((await pair.fire(get(1))).status, 200, "and the client's connection goes on");
});

t.test("an endpoint that was beaten is asked less", async (t) => {
  const pair = await open(HOLD);
  for (let id = 0; id < 3; id++) t.equal((await pair.fire(get(id))).status, 200);
  t.same(pair.arrived, [1, 3]);
});

t.test("the first try fails while the second one waits: that one goes on", async (t) => {
  const ends: readonly ((link: Link) => void)[] = [
    (link) => link.reset(),
    (link) => link.write("HTTP/1.1 500 Sick\r\nContent-Length: 0\r\n\r\n"),
    (link) => link.write("no HTTP\r\n\r\n"),
  ];
  for (const end of ends) {
    const pair = await open(HOLD, {
      request: async (link) => {
        release(pair.bad, end);
        while ((await pair.metric("attempts_total", `endpoint="${pair.bad.address.text}"`)) < 1);
        ok(link);
      },
    });
    t.equal((await pair.fire()).status, 200);
    t.same(pair.arrived, [1, 1]);
    t.equal(await pair.metric("hedges_total", 'result="won"'), 1);
    t.equal(await pair.metric("attempts_total", 'outcome="cancelled"'), 0);
    t.equal(await pair.metric("retries_total"), 0);
  }
});

t.test("the second try fails while the first one waits: that one goes on", async (t) => {
  const pair = await open(HOLD, {
    request: async (link) => {
      link.reset();
      while ((await pair.metric("attempts_total", 'outcome="reset"')) < 1);
      release(pair.bad, ok);
    },
  });
  t.equal((await pair.fire()).status, 200);
  t.equal(await pair.metric("hedges_total", 'result="lost"'), 1);
});

t.test("both fail: the last failure stands, because the second try was the retry", async (t) => {
  const sick: Script = {
    request: (link) => {
      link.write("HTTP/1.1 503 Last\r\nContent-Length: 0\r\n\r\n");
      release(pair.bad, (held) => held.reset());
    },
  };
  const pair = await open(HOLD, sick, { retry: { statuses: [503] } });
  const { status, reason } = await pair.fire();
  t.same([status, reason], [502, "upstream_reset"]);
  t.same(pair.arrived, [1, 1]);
  t.equal(await pair.metric("hedges_total", 'result="failed"'), 1);
  t.equal(await pair.metric("retries_denied_total", 'reason="attempts"'), 1);
});

t.test(
  "both fail, and there is another retry: it goes again, and is not hedged again",
  async (t) => {
    const sick: Script = {
      request: (link) => {
        [pair.bad.script, pair.good.script] = [HOLD, HOLD];
        link.reset();
        release(pair.bad, (held) => held.reset());
      },
    };
    const pair = await open(HOLD, sick, { retry: { attempts: 3 }, timeout: "500ms" });
    const { status, reason } = await pair.fire();
    t.same([status, reason], [504, "upstream_timeout"]);
    const [bad, good] = pair.arrived;
    t.equal(bad + good, 3);
  },
);

t.test("a client that leaves ends both tries", async (t) => {
  const pair = await open(HOLD, { request: () => pair.client.reset() });
  pair.client.request(...get(0));
  await cut(pair.good);
  await cut(pair.bad);
  await pair.metricIs("concurrency_in_flight", 0);
  t.equal(await pair.metric("attempts_total", 'outcome="cancelled"'), 2);
  t.equal(await pair.metric("hedges_total", 'result="failed"'), 1);
});

t.test("the deadline ends both tries", async (t) => {
  const pair = await open(HOLD, HOLD, { timeout: "500ms" });
  const { status, reason } = await pair.fire();
  t.same([status, reason], [504, "upstream_timeout"]);
  t.same(pair.arrived, [1, 1]);
  await cut(pair.bad);
  await cut(pair.good);
  await pair.metricIs("concurrency_in_flight", 0);
});

t.test("it still ends the one that is left when the other has failed", async (t) => {
  const stuck: Script = { request: () => release(pair.bad, (link) => link.reset()) };
  const pair = await open(HOLD, stuck, { timeout: "500ms" });
  t.equal((await pair.fire()).reason, "upstream_timeout");
  t.equal(await pair.metric("attempts_total", 'outcome="reset"'), 1);
  t.equal(await pair.metric("attempts_total", 'outcome="timed_out"'), 1);
});

t.test("a first try that takes too long leaves the second one its own time", async (t) => {
  const slow: Script = {
    request: (link) => {
      pair.bad.bell.until(() => pair.bad.links[0]?.closed === true).then(() => ok(link));
    },
  };
  const times = { perTryTimeout: "1s", hedge: { delay: "500ms" } };
  const pair = await open(HOLD, slow, { retry: times });
  t.equal((await pair.fire()).status, 200);
  t.equal(await pair.metric("attempts_total", 'outcome="timed_out"'), 1);
});

t.test("without a budget nothing is hedged", async (t) => {
  const retryBudget = { percent: 0, minimumPerSecond: 0 };
  const pair = await open(HOLD, {}, { cluster: { retryBudget } });
  const shot = pair.fire();
  await pair.metricIs("hedges_denied_total", 1, 'reason="budget"');
  release(pair.bad, ok);
  t.equal((await shot).status, 200);
  t.same(pair.arrived, [1, 0]);
  t.equal(await pair.metric("hedges_total"), 0);
});

t.test("a hedge is paid for by the budget of retries", async (t) => {
  const pair = await open(HOLD);
  const before = await pair.metric("retry_budget_remaining");
  await pair.fire();
  t.equal(await pair.metric("retry_budget_remaining"), before - 1);
});

t.test("without another endpoint that may be asked nothing is hedged", async (t) => {
  const alone = await Upstream.listen(HOLD);
  t.teardown(() => alone.close());
  const rows: readonly Settings["cluster"][] = [
    { endpoints: [alone.address.text] },
    { endpoints: [alone.address.text, { address: "127.0.0.1:9", weight: 0 }] },
  ];
  for (const cluster of rows) {
    const pair = await open(HOLD, {}, { cluster: cluster ?? {} });
    const shot = pair.fire();
    await pair.metricIs("hedges_denied_total", 1, 'reason="no_endpoint"');
    release(alone, ok);
    t.equal((await shot).status, 200);
    t.equal(await pair.metric("attempts_total"), 1);
  }
});

t.test("a backup is hedged to where there is no other primary and it has room", async (t) => {
  const backup = await Upstream.listen();
  t.teardown(() => backup.close());
  const alone = await Upstream.listen(HOLD);
  t.teardown(() => alone.close());
  const cluster = { endpoints: [alone.address.text], backups: [backup.address.text] };
  const pair = await open(HOLD, {}, { cluster });
  const { response } = await pair.fire();
  t.same(values(response?.fields ?? [], "x-tidegate-tier"), ["backup"]);
  await cut(alone);
});

t.test("a POST is never hedged", async (t) => {
  const pair = await open(HOLD, {}, { timeout: "200ms" });
  t.equal((await pair.fire(post(0))).status, 504);
  t.same(pair.arrived, [1, 0]);
  t.equal(await pair.metric("hedges_denied_total"), 0);
});

const PUT = "PUT /1 HTTP/1.1\r\nHost: a.test\r\nContent-Length: 5\r\n";

t.test("a PUT is hedged once its body is here, with all of it", async (t) => {
  const pair = await open({
    head: () => pair.client.write("ello"),
    request: () => t.same(pair.arrived, [1, 0]),
  });
  const shot = pair.fire(["PUT", `${PUT}\r\nh`]);
  t.equal((await shot).status, 200);
  t.same(
    [...pair.bad.requests, ...pair.good.requests].map(({ body }) => body.toString()),
    ["hello", "hello"],
  );
});

t.test("where nobody asks for the body it is asked for, and hedged then", async (t) => {
  const pair = await open(HOLD);
  pair.client.request("PUT", `${PUT}Expect: 100-continue\r\n\r\n`);
  await pair.client.bell.until(() => pair.client.received.length > 0);
  t.match(pair.client.received.bytes().toString(), /^HTTP\/1\.1 100 /);
  pair.client.write("hello");
  t.equal((await pair.client.response()).status, 200);
  t.same(pair.arrived, [1, 1]);
});

t.test("an upgrade is never hedged", async (t) => {
  const pair = await open(HOLD, {}, { timeout: "200ms", upgrades: ["echo"] });
  const fields = "Host: a.test\r\nConnection: upgrade\r\nUpgrade: echo\r\n";
  t.equal((await pair.fire(["GET", `GET / HTTP/1.1\r\n${fields}\r\n`])).status, 504);
  t.same(pair.arrived, [1, 0]);
});

t.test(
  "by default so many milliseconds as 95 % of the last answers took, once known",
  async (t) => {
    const delay = { hedge: { delay: "p95" } };
    const first: Script = {
      request: (link) => {
        const asked = link.requests.at(-1)?.fields ?? [];
        if (values(asked, "x-envoy-attempt-count").join() === "2") ok(link);
      },
    };
    const pair = await Pair.open(first, { retry: delay, timeout: "500ms" });
    pair.good.script = first;
    t.equal((await pair.fire(get(0))).status, 504, "nothing is known yet");
    for (const end of [pair.bad, pair.good]) end.script = { request: ok };
    for (let id = 1; id <= 100; id++) await pair.fire(get(id));
    for (const end of [pair.bad, pair.good]) end.script = first;
    t.equal((await pair.fire(get(101))).status, 200);
    t.equal(await pair.metric("hedges_total", 'result="won"'), 1);
  },
);

t.test("statuses that the route tries again lose as well", async (t) => {
  const pair = await open(HOLD, answer("404 No"), { retry: { statuses: [404] } });
  const shot = pair.fire();
  await pair.metricIs("attempts_total", 1, `endpoint="${pair.good.address.text}"`);
  release(pair.bad, ok);
  t.equal((await shot).status, 200);
});
