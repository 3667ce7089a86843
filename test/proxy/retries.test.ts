// What becomes of single requests that fail, in a sidecar whose chance is known: of two endpoints the
// first one is always tried first.
import t from "tap";
import type { Clock } from "../../src/core/clock.ts";
import { get, post, type Shot } from "../support/load.ts";
import { values } from "../support/message.ts";
import { OK, POLITE, type Script, Upstream } from "../support/upstream.ts";
import { answer, HOLD, Pair, RESET } from "./pair.ts";

t.test("a status that is listed is tried again, and the connection is kept", async (t) => {
  const world = await Pair.open(answer("503 Sick"), { retry: { statuses: [503] } });
  for (const id of [1, 2, 3]) t.equal((await world.fire(get(id))).status, 200);
  t.same(world.arrived, [3, 3]);
  t.equal(world.bad.links.length, 1, "what was answered was read to its end");
  t.equal(await world.metric("retries_total", 'outcome="answered"'), 3);
});

t.test("an answer that has not ended is given up with its connection", async (t) => {
  const endless: Script = {
    request: (link) => link.write("HTTP/1.1 503 Sick\r\nContent-Length: 1000\r\n\r\nhalf"),
  };
  const world = await Pair.open(endless, { retry: { statuses: [503] } });
  const { status, body } = await world.fire();
  t.same([status, body], [200, "ok"]);
  await world.bad.bell.until(() => world.bad.open.length === 0);
  t.equal((await world.fire()).status, 200, "and the client's connection goes on");
});

t.test("statuses that are not listed, and POSTs, are answered as they are", async (t) => {
  const world = await Pair.open(answer("503 Sick"), { retry: { statuses: [502] } });
  t.same(shown(await world.fire()), [503, "no\n"]);
  const listed = await Pair.open(answer("503 Sick"), { retry: { statuses: [503] } });
  t.same(shown(await listed.fire(post(0))), [503, "no\n"]);
  for (const each of [world, listed]) t.same(each.arrived, [1, 0]);
});

t.test("an answer that asks not to be asked again is passed on as it is", async (t) => {
  const signs = ["Retry-After: 1", "X-Tidegate-Reason: queue_full", "X-Envoy-Overloaded: true"];
  for (const sign of [...signs, "grpc-retry-pushback-ms: 100"]) {
    const world = await Pair.open(answer("503 Full", [sign]), { retry: { statuses: [503] } });
    const shot = await world.fire();
    t.same(shown(shot), [503, "no\n"], sign);
    const [name = "", value] = sign.split(": ");
    t.same(values(shot.response?.fields ?? [], name.toLowerCase()), [value]);
    t.same(world.arrived, [1, 0]);
    t.equal(await world.metric("retries_denied_total", 'reason="pushback"'), 1);
  }
});

t.test("a head that breaks off is tried again", async (t) => {
  const world = await Pair.open({
    request: (link) => link.socket.write("HTTP/1.1 200 O", () => link.finish()),
  });
  t.equal((await world.fire()).status, 200);
  t.equal(await world.metric("retries_total", 'outcome="cut"'), 1);
});

t.test("the only endpoint is tried again", async (t) => {
  const shaky: Script = {
    request: (link) => (link.index === 0 ? link.reset() : link.write(OK)),
  };
  const upstream = await Upstream.listen(shaky);
  const world = await Pair.open(shaky, { cluster: { endpoints: [upstream.address.text] } });
  t.teardown(() => upstream.close());
  t.equal((await world.fire()).status, 200);
  t.equal(upstream.requests.length, 2);
});

t.test("every try says which one it is", async (t) => {
  const world = await Pair.open(RESET);
  await world.fire();
  const counts = [...world.bad.requests, ...world.good.requests].map(({ fields }) =>
    values(fields, "x-envoy-attempt-count"),
  );
  t.same(counts, [["1"], ["2"]]);
});

const SECOND_TRY = "GET / HTTP/1.1\r\nHost: a.test\r\nX-Envoy-Attempt-Count: 2\r\n\r\n";

t.test("the retry of a trusted caller is not tried again here", async (t) => {
  const world = await Pair.open(RESET, { trust: ["127.0.0.1"] });
  const { status, reason } = await world.fire(["GET", SECOND_TRY]);
  t.same([status, reason], [502, "upstream_reset"]);
  t.same(world.arrived, [1, 0]);
  t.same(values(world.bad.requests[0]?.fields ?? [], "x-envoy-attempt-count"), ["2"]);
  t.equal(await world.metric("retries_denied_total", 'reason="already_retry"'), 1);
});

t.test("a stranger's word that it tries again is not believed", async (t) => {
  const world = await Pair.open(RESET);
  t.equal((await world.fire(["GET", SECOND_TRY])).status, 200);
  t.same(world.arrived, [1, 1]);
});

t.test("retries can be turned off", async (t) => {
  const world = await Pair.open(RESET, { retry: { attempts: 0, statuses: [503] } });
  t.equal((await world.fire()).reason, "upstream_reset");
  t.same(world.arrived, [1, 0]);
  t.equal(await world.metric("retries_denied_total"), 0, "nobody wanted one");
});

t.test("a body of 64 KiB is sent once more; a larger one cannot be", async (t) => {
  const put = (length: number): readonly [string, string] => {
    const head = `PUT /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: ${length}\r\n\r\n`;
    return ["PUT", head + "0123456789abcdef".repeat(length / 16)];
  };
  const world = await Pair.open(RESET);
  t.equal((await world.fire(put(65_536))).status, 200);
  const [first, second] = [world.bad.requests[0], world.good.requests[0]];
  t.equal(second?.body.length, 65_536);
  t.ok(first !== undefined && second?.body.equals(first.body));
  t.equal((await world.fire(put(131_072))).reason, "upstream_reset");
  t.equal(world.good.requests.length, 1);
});

t.test("a body that is still coming goes to the endpoint that can be reached", async (t) => {
  const world = await Pair.open(POLITE);
  await world.bad.close();
  const head = "POST /x HTTP/1.1\r\nHost: a.test\r\nContent-Length: 10\r\n\r\n";
  world.client.request("POST", `${head}01234`);
  await world.metricIs("retries_total", 1, 'outcome="unreachable"');
  world.client.write("56789");
  t.equal((await world.client.response(0)).status, 200);
  t.equal(world.good.requests[0]?.body.toString(), "0123456789");
});

t.test("what was never sent goes to everybody in turn, then to the backup, for free", async (t) => {
  const world = await Pair.open(POLITE);
  await world.bad.close();
  const dead = ["127.0.0.1:1", "127.0.0.1:2", world.bad.address.text];
  const none = { percent: 0, minimumPerSecond: 0 };
  const cluster = { endpoints: dead, backups: [world.good.address.text], retryBudget: none };
  const backed = await Pair.open(POLITE, { cluster });
  for (const request of [get(0), post(1)]) {
    const shot = await backed.fire(request);
    t.same(shown(shot), [200, "ok"]);
    t.same(values(shot.response?.fields ?? [], "x-tidegate-tier"), ["backup"]);
  }
  t.equal(await backed.metric("attempts_total", 'outcome="unreachable"'), 6);
  t.equal(await backed.metric("attempts_total", 'outcome="answered"'), 2);
});

t.test("when nobody can be reached each is tried once, and the retry is paid for", async (t) => {
  const cluster = { endpoints: ["127.0.0.1:1", "127.0.0.1:2"], backups: ["127.0.0.1:3"] };
  const world = await Pair.open(POLITE, { cluster });
  t.same(shown(await world.fire()), [502, "connect_failed"]);
  t.equal(await world.metric("attempts_total", 'outcome="unreachable"'), 4);
  const none = { retryBudget: { percent: 0, minimumPerSecond: 0 } };
  const poor = await Pair.open(POLITE, { cluster: { ...cluster, ...none } });
  t.same(shown(await poor.fire()), [502, "connect_failed"]);
  t.equal(await poor.metric("attempts_total"), 3);
});

t.test("the gauge shows what the budget has left", async (t) => {
  const still: Clock = { now: () => 5000, wall: () => 0 };
  const world = await Pair.open(answer("503 Sick"), { retry: { statuses: [503] } }, false, still);
  t.equal(await world.metric("retry_budget_remaining"), 30);
  for (let id = 0; id < 10; id++) await world.fire(get(id));
  t.equal(await world.metric("retry_budget_remaining"), 30 - 10);
});

// Waits. The bound of the backoff is far beyond any test.

const LONG = { backoff: { base: "1m", max: "1m" } };

t.test("a client that leaves during the backoff ends it", async (t) => {
  const world = await Pair.open(RESET, { timeout: "10m", retry: LONG }, true);
  world.client.request(...get(0));
  await world.metricIs("attempts_total", 1, 'outcome="reset"');
  t.equal(await world.metric("concurrency_in_flight"), 1);
  t.equal(await world.metric("retry_budget_remaining"), 29, "a retry that waits is spent");
  world.client.reset();
  await world.metricIs("concurrency_in_flight", 0);
  t.equal(await world.metric("requests_total", 'code="0"'), 1);
  t.equal(await world.metric("retries_total"), 0);
  t.same(world.arrived, [1, 0]);
});

t.test("a body that turns out to be malformed during the backoff is told", async (t) => {
  const early: Script = { head: (link) => link.reset() };
  const world = await Pair.open(early, { timeout: "10m", retry: LONG }, true);
  const head = "PUT / HTTP/1.1\r\nHost: a.test\r\nTransfer-Encoding: chunked\r\n\r\n";
  world.client.request("PUT", `${head}1\r\na\r\n`);
  await world.metricIs("attempts_total", 1, 'outcome="reset"');
  world.client.write("no size\r\n");
  const { status, fields } = await world.client.response(0);
  t.same([status, values(fields, "x-tidegate-reason")], [400, ["bad_request"]]);
  await world.metricIs("concurrency_in_flight", 0);
});

t.test(
  "a wait that the deadline would end is not begun: the failure is told at once",
  async (t) => {
    const world = await Pair.open(RESET, { timeout: "30s", retry: LONG }, true);
    const { status, reason } = await world.fire();
    t.same([status, reason], [502, "upstream_reset"]);
    t.equal(await world.metric("retries_denied_total", 'reason="deadline"'), 1);
  },
);

t.test("a try that takes too long is given up, and another endpoint answers", async (t) => {
  const world = await Pair.open(HOLD, { retry: { perTryTimeout: "100ms" } });
  t.equal((await world.fire()).status, 200);
  const [told] = values(world.bad.requests[0]?.fields ?? [], "x-envoy-expected-rq-timeout-ms");
  t.equal(told, "100", "the endpoint knows how long it has");
  await world.bad.bell.until(() => world.bad.open.length === 0);
  t.equal(await world.metric("retries_total", 'outcome="timed_out"'), 1);
});

t.test("when the last try takes too long as well it is 504", async (t) => {
  const world = await Pair.open(HOLD, { retry: { perTryTimeout: "100ms" } });
  world.good.script = HOLD;
  const { status, reason } = await world.fire();
  t.same([status, reason], [504, "upstream_timeout"]);
  t.same(world.arrived, [1, 1]);
  t.equal((await world.fire(post(1))).reason, "upstream_timeout");
  t.same(world.arrived, [2, 1], "a POST that may have arrived is not sent again");
});

function shown({ status, body }: Shot): readonly [number, string] {
  return [status, body];
}
