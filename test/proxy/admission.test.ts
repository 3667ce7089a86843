// More than a cluster can do, as its clients see it.
import t from "tap";
import { values } from "../support/message.ts";
import { OK } from "../support/upstream.ts";
import { Door } from "./door.ts";

const LONG = { size: 10, wait: "1m" };

t.test("what finds the limit reached waits for its turn, and is answered", async (t) => {
  const door = await Door.open(t, { limit: 1, queue: LONG });
  const first = await door.send("/1");
  await door.arrives("/1");
  const second = await door.waits("/2");
  t.equal(await door.metric("concurrency_in_flight"), 1);
  t.equal(await door.metric("concurrency_limit"), 1);
  const { inFlight, limit, waiting, mostWaiting } = await door.state();
  t.strictSame([inFlight, limit, waiting, mostWaiting], [1, 1, 1, 10]);
  t.strictSame(door.arrived, ["/1"]);
  await door.answer("/1");
  await door.answer("/2");
  t.strictSame([(await first.shot).status, (await second.shot).status], [200, 200]);
  await door.metricIs("concurrency_in_flight", 0);
  t.equal(await door.metric("queue_wait_seconds_count"), 1);
});

t.test("a slot is held until the response has ended, not only begun", async (t) => {
  const door = await Door.open(t, { limit: 1, queue: LONG });
  await door.send("/1");
  await door.answer("/1", "HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nab");
  const second = await door.waits("/2");
  (await door.arrives("/1")).write("cd");
  await door.answer("/2");
  t.equal((await second.shot).status, 200);
});

t.test("a client that hangs up leaves the queue at once, and is never sent on", async (t) => {
  const door = await Door.open(t, { limit: 1, queue: LONG });
  const first = await door.send("/1");
  await door.arrives("/1");
  const second = await door.waits("/2");
  second.client.close();
  await door.metricIs("queue_depth", 0);
  const third = await door.waits("/3");
  await door.answer("/1");
  await door.answer("/3");
  t.strictSame([(await first.shot).status, (await third.shot).status], [200, 200]);
  t.strictSame(door.arrived, ["/1", "/3"]);
});

t.test("when the queue is full the oldest is told so, and when to come back", async (t) => {
  const door = await Door.open(t, { limit: 1, queue: { size: 1, wait: "1m" } });
  await door.send("/1");
  await door.arrives("/1");
  const second = await door.waits("/2");
  await door.send("/3");
  const { response, reason, status } = await second.shot;
  t.strictSame([status, reason], [503, "queue_full"]);
  const fields = response?.fields ?? [];
  t.strictSame(values(fields, "x-envoy-overloaded"), ["true"]);
  t.match(values(fields, "retry-after"), [/^[1-3]$/]);
  t.equal(await door.metric("refusals_total", 'reason="queue_full"'), 1);
});

t.test("what waits for too long is told so", async (t) => {
  const door = await Door.open(t, { limit: 1, queue: { size: 10, wait: "30ms" } });
  await door.send("/1");
  await door.arrives("/1");
  const second = await door.send("/2");
  t.equal((await second.shot).reason, "queue_timeout");
});

t.test("a higher class goes first; what makes room for it is told so", async (t) => {
  const route = { criticality: { header: "x-criticality", default: "SHEDDABLE" } };
  const wanted = { route, trust: ["127.0.0.0/8"] };
  const door = await Door.open(t, { limit: 1, queue: { size: 2, wait: "1m" } }, wanted);
  await door.send("/1");
  await door.arrives("/1");
  const low = await door.waits("/low");
  const plus = await door.waits("/plus", "x-criticality: SHEDDABLE_PLUS");
  const high = await door.send("/high", "x-criticality: CRITICAL");
  t.equal((await low.shot).reason, "shed_priority");
  const labels = 'reason="shed_priority",criticality="SHEDDABLE"';
  t.equal(await door.metric("refusals_total", labels), 1);
  for (const path of ["/1", "/high", "/plus"]) await door.answer(path);
  t.strictSame([(await high.shot).status, (await plus.shot).status], [200, 200]);
  t.strictSame(door.arrived, ["/1", "/high", "/plus"]);
});

t.test("a client cannot raise itself beyond its route", async (t) => {
  const wanted = { route: { criticality: "SHEDDABLE" }, trust: ["127.0.0.0/8"] };
  const door = await Door.open(t, { limit: 1, queue: LONG }, wanted);
  await door.send("/1");
  await door.arrives("/1");
  await door.waits("/plain");
  await door.waits("/liar", "x-criticality: CRITICAL_PLUS");
  await door.answer("/1");
  await door.arrives("/plain");
  t.strictSame(door.arrived, ["/1", "/plain"], "the oldest of one class");
});

t.test("in report mode all is sent on, and what would be refused is counted", async (t) => {
  const door = await Door.open(t, { limit: 1, queue: { size: 0, wait: "1m" }, mode: "report" });
  const sent = [await door.send("/1"), await door.send("/2")];
  for (const path of ["/1", "/2"]) await door.answer(path);
  for (const { shot } of sent) t.equal((await shot).status, 200);
  const labels = 'reason="queue_full",criticality="CRITICAL"';
  t.equal(await door.metric("would_refuse_total", labels), 1);
  t.equal(await door.metric("refusals_total"), 0);
  t.equal((await door.state()).mode, "report");
});

t.test("an adaptive limit that only reports begins with the most that it may be", async (t) => {
  const door = await Door.open(t, { limit: "adaptive", max: 2, mode: "report" });
  const sent = [await door.send("/1"), await door.send("/2"), await door.send("/3")];
  for (const path of ["/1", "/2", "/3"]) await door.arrives(path);
  t.match(await door.state(), { mode: "report", limit: 2, inFlight: 2, waiting: 1 });
  for (const path of ["/1", "/2", "/3"]) await door.answer(path);
  for (const { shot } of sent) t.equal((await shot).status, 200);
  await door.reload({ limit: "adaptive", max: 2 });
  t.match(await door.state(), { mode: "enforce", limit: 2, inFlight: 0, waiting: 0 });
});

t.test("with mode off there is no limit, and nothing that tells of one", async (t) => {
  const door = await Door.open(t, { limit: 1, mode: "off" });
  const sent = [await door.send("/1"), await door.send("/2")];
  for (const path of ["/1", "/2"]) await door.answer(path);
  for (const { shot } of sent) t.equal((await shot).status, 200);
  t.strictSame(await door.state(), {});
});

t.test(
  "a limit that is raised lets in who waits, and so does one that is taken away",
  async (t) => {
    const door = await Door.open(t, { limit: 1, queue: LONG });
    await door.send("/1");
    await door.arrives("/1");
    const waiting = [await door.waits("/2"), await door.waits("/3")];
    await door.reload({ limit: 2, queue: LONG });
    await door.arrives("/2");
    await door.metricIs("queue_depth", 1);
    await door.reload({ mode: "off" });
    await door.arrives("/3");
    for (const path of ["/1", "/2", "/3"]) await door.answer(path);
    for (const { shot } of waiting) t.equal((await shot).status, 200);
    await door.metricIs("concurrency_in_flight", 0);
  },
);

t.test("an upgrade, an event stream and a stream by its route hold no slot", async (t) => {
  const stream = "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\ndata: 1\n\n";
  const door = await Door.open(t, { limit: 1, queue: LONG });
  await door.send("/asked", "Accept: text/event-stream");
  await door.answer("/asked", stream);
  await door.send("/up", "Connection: upgrade", "Upgrade: websocket");
  await door.arrives("/up");
  await door.send("/found");
  await door.answer("/found", stream);
  const call = await door.send("/call");
  await door.answer("/call");
  t.equal((await call.shot).status, 200);
  t.equal((await door.state()).streams, 3);
  const routed = await Door.open(t, { limit: 1, streams: 2 }, { route: { stream: true } });
  await routed.send("/1");
  await routed.send("/2");
  await Promise.all([routed.arrives("/1"), routed.arrives("/2")]);
  t.equal((await (await routed.send("/3")).shot).reason, "queue_full");
});

t.test("a request that fails, or is tried again, gives back one slot", async (t) => {
  const door = await Door.open(t, { limit: 1, queue: LONG }, { retry: { backoff: { max: "0s" } } });
  const sent = await door.send("/1");
  (await door.arrives("/1")).reset();
  await door.upstream.bell.until(() => door.arrived.length === 2);
  door.upstream.links.at(-1)?.reset();
  t.equal((await sent.shot).reason, "upstream_reset");
  await door.metricIs("concurrency_in_flight", 0);
  const next = await door.send("/2");
  await door.answer("/2");
  t.equal((await next.shot).status, 200);
  t.equal((await door.state()).inFlight, 0);
});

t.test("the fallback of the cluster stands in for who is refused", async (t) => {
  const cluster = { fallback: { status: 200, body: "sorry" } };
  const door = await Door.open(t, { limit: 1, queue: { size: 0 } }, { cluster });
  await door.send("/1");
  await door.arrives("/1");
  const { status, body, reason } = await (await door.send("/2")).shot;
  t.strictSame([status, body, reason], [200, "sorry", "queue_full"]);
});

t.test("what an endpoint's own sidecar says of its threshold stays there", async (t) => {
  const door = await Door.open(t, { limit: 1 });
  const sent = await door.send("/1");
  await door.answer("/1", OK.replace("\r\n\r\n", "\r\nx-tidegate-threshold: SHEDDABLE/3\r\n\r\n"));
  t.strictSame(values((await sent.shot).response?.fields ?? [], "x-tidegate-threshold"), []);
});
