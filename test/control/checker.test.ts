// The rounds of probes: when, how many, what is told of them, and that nothing is left behind.
import t from "tap";
import { PROBES_AT_ONCE } from "../../src/control/checker.ts";
import { tcpAddress } from "../../src/core/address.ts";
import { Bench, HTTP, http, mute, TCP, target } from "./checks.ts";

/** Nobody listens there. */
const NOBODY = tcpAddress("127.0.0.1", 1);

t.test("the first round ends when the state of every endpoint is known", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const first = bench.checker.start([target(place.address), target(NOBODY)]);
  t.equal(bench.checker.status("app", NOBODY)?.state, "unknown");
  bench.pass(1);
  await first;
  t.match(bench.checker.status("app", place.address), {
    state: "healthy",
    held: false,
    last: { result: "ok", reason: "connected" },
  });
  t.match(bench.checker.status("app", NOBODY), {
    state: "unhealthy",
    last: { result: "failed", reason: "connect ECONNREFUSED 127.0.0.1:1", advice: undefined },
  });
  t.strictSame(bench.changes.toSorted(), [
    "127.0.0.1:1 unhealthy: first_probe, connect ECONNREFUSED 127.0.0.1:1",
    `${place.address.text} healthy: first_probe, connected`,
  ]);
  t.equal(bench.checker.status("other", NOBODY), undefined);
});

t.test("the first round of nothing is over at once", async (t) => {
  await new Bench(t).checker.start([]);
  t.pass();
});

t.test("each endpoint is asked once per interval, from start to start", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  await Promise.all([bench.checker.start([target(place.address)]), bench.next(1)]);
  for (const round of [2, 3, 4]) {
    bench.pass(1999);
    t.equal(bench.results.length, round - 1);
    await bench.next(1);
    // No connection is kept.
    await place.left(round);
  }
  t.equal(place.sockets.length, 4);
});

t.test("a result tells how long the probe took and when it ended", async (t) => {
  const place = await http(t, (_, response) =>
    bench.bell.until(() => go).then(() => response.end()),
  );
  let go = false;
  const bench = new Bench(t);
  const asked = bench.ask(place.address, HTTP);
  await place.bell.until(() => place.sockets.length === 1);
  bench.pass(300);
  go = true;
  bench.bell.ring();
  t.match(await asked, { result: "ok", durationMs: 300, at: bench.clock.wall() });
});

t.test("three failures take an endpoint out, two passes bring it back", async (t) => {
  let status = 200;
  const place = await http(t, (_, response) => response.writeHead(status).end());
  const bench = new Bench(t);
  await bench.ask(place.address, HTTP);
  status = 503;
  for (const ms of [2000, 500, 500]) await bench.next(ms);
  status = 200;
  for (const ms of [2000, 500]) await bench.next(ms);
  const { text } = place.address;
  t.strictSame(bench.changes, [
    `${text} healthy: first_probe, status 200`,
    `${text} unhealthy: fall, status 503`,
    `${text} healthy: rise, status 200`,
  ]);
});

t.test("a probe that hangs is cut at its timeout, and its connection is gone", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  void bench.checker.start([target(place.address, HTTP)]);
  for (const round of [1, 2]) {
    bench.pass(1);
    await place.bell.until(() => place.sockets.length === round);
    bench.pass(999);
    t.equal(bench.results.length, round - 1);
    t.match(await bench.next(1), { result: "failed", reason: "timeout", durationMs: 1000 });
    await place.left(round);
    bench.pass(999);
  }
});

t.test("a timeout while we stood still ourselves is late, and takes nobody out", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const strict = target(place.address, TCP, { fall: 1 });
  await Promise.all([bench.checker.start([strict]), bench.next(1)]);
  bench.checker.update([{ ...strict, healthCheck: { ...strict.healthCheck, check: HTTP } }]);
  bench.pass(2000);
  await place.bell.until(() => place.sockets.length === 2);
  bench.clock.stall(2000);
  t.match(await bench.result(2), { result: "late", reason: "timeout" });
  t.equal(bench.checker.status("app", place.address)?.state, "healthy");
  await place.left(2);
});

t.test("to stop cuts the probes under way; nothing more is told or asked", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const first = bench.checker.start([target(place.address, HTTP)]);
  bench.pass(1);
  await place.bell.until(() => place.sockets.length === 1);
  await bench.checker.stop();
  await place.left();
  await first;
  bench.pass(10_000);
  t.strictSame(bench.results, []);
  t.equal(place.sockets.length, 1);
  t.equal(bench.clock.wheel.size, 0, "no timer is left");
});

t.test("after a reload, endpoints that stay keep their state and their pace", async (t) => {
  const [bench, place, other] = [new Bench(t), await mute(t), await mute(t)];
  await Promise.all([bench.checker.start([target(place.address)]), bench.next(1)]);
  bench.pass(1000);
  bench.checker.update([target(place.address), target(other.address)]);
  t.equal(bench.checker.status("app", place.address)?.state, "healthy");
  t.equal((await bench.next(1)).reason, "connected");
  t.match(bench.results.at(-1), { of: other.address.text }, "a new one is asked at once");
  await bench.next(999);
  t.match(bench.results.at(-1), { of: place.address.text });
  t.equal(bench.changes.length, 2);
});

t.test("after a reload, new settings hold, and a shorter interval does at once", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const every = (interval: number) => target(place.address, TCP, { interval });
  await Promise.all([bench.checker.start([every(60_000)]), bench.next(1)]);
  bench.checker.update([every(1000)]);
  await bench.next(1000);
  bench.checker.update([every(60_000)]);
  await bench.next(1000);
  bench.pass(59_999);
  t.equal(bench.results.length, 3);
  await bench.next(1);
});

t.test("after a reload, endpoints that are gone are not asked, nor waited for", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const first = bench.checker.start([target(place.address, HTTP)]);
  bench.pass(1);
  await place.bell.until(() => place.sockets.length === 1);
  bench.checker.update([]);
  await first;
  await place.left();
  bench.pass(10_000);
  t.strictSame(bench.results, []);
  t.strictSame(bench.changes, [`${place.address.text} dropped`]);
  t.equal(bench.checker.status("app", place.address), undefined);
});

t.test("an endpoint in two clusters has a state in each", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const app = target(place.address);
  const first = bench.checker.start([app, { ...app, cluster: "other" }]);
  bench.pass(1);
  await first;
  await place.left(2);
  t.equal(bench.checker.status("other", place.address)?.state, "healthy");
});

t.test("only so many probes run at the same time; the others follow", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const targets = Array.from({ length: PROBES_AT_ONCE + 3 }, (_, index) => {
    return { ...target(place.address, HTTP), cluster: `app${index}` };
  });
  void bench.checker.start(targets);
  bench.pass(1);
  await place.bell.until(() => place.sockets.length === PROBES_AT_ONCE);
  bench.pass(1000);
  await bench.result(PROBES_AT_ONCE);
  await place.bell.until(() => place.sockets.length === PROBES_AT_ONCE + 3);
  t.equal(bench.results.length, PROBES_AT_ONCE);
  await bench.checker.stop();
  await place.left(PROBES_AT_ONCE + 3);
});
