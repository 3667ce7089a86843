// What an endpoint is judged by, in a sidecar whose breakers trip at the first failure.
import t, { type Test } from "tap";
import { RawClient } from "../support/client.ts";
import { fire, get } from "../support/load.ts";
import { scrape } from "../support/scrape.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { type Link, type Script, Upstream } from "../support/upstream.ts";

const STRICT = { consecutiveFailures: 1, minimumHealthy: 0 };

async function open(t: Test, script: Script, wanted: Settings = {}) {
  const upstream = await Upstream.listen(script);
  const cluster = { breaker: STRICT };
  const sidecar = await startHere(settings(upstream.address, { cluster, ...wanted }));
  const client = await RawClient.connect(addressOf(sidecar));
  t.teardown(async () => {
    client.close();
    await sidecar.close();
    await upstream.close();
  });
  const metric = (name: string, labels = "") => scrape(addressOf(sidecar, "health"), name, labels);
  /** Scrapes until it is so; each answer is the event to look again. */
  const is = async (name: string, value: number): Promise<void> => {
    while ((await metric(name)) !== value);
  };
  return { upstream, client, metric, is };
}

const UPLOAD = "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 32000000\r\n\r\n";

t.test("a client that is still sending when its time is over is nobody's failure", async (t) => {
  const { client, metric } = await open(t, {}, { timeout: "100ms" });
  client.request("POST", `${UPLOAD}slow`);
  t.equal((await client.response()).status, 504);
  t.equal(await metric("attempts_total", 'outcome="timed_out"'), 1);
  t.equal(await metric("breaker_state"), 0);
});

t.test("no body is asked for once the time is over", async (t) => {
  const { client } = await open(t, {}, { timeout: "100ms" });
  client.request("POST", UPLOAD.replace("\r\n\r\n", "\r\nExpect: 100-continue\r\n\r\n"));
  t.equal((await client.response()).status, 504);
  t.match(client.received.bytes().toString("latin1"), /^HTTP\/1\.1 504 /);
});

t.test("an endpoint that takes no more of a body fails when its time is over", async (t) => {
  const stuck: Script = { head: (link) => link.socket.pause() };
  const { client, metric } = await open(t, stuck, { timeout: "300ms" });
  client.request("POST", UPLOAD + "x".repeat(31_999_999));
  t.equal((await client.response()).status, 504);
  t.equal(await metric("breaker_state"), 1);
});

t.test("an endpoint that breaks off its response fails", async (t) => {
  const half = "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf";
  const { client, metric } = await open(t, {
    request: (link) => link.socket.write(half, () => link.finish()),
  });
  await fire(client, 0, get(0));
  t.equal(await metric("upstream_truncated_total"), 1);
  t.equal(await metric("breaker_state"), 1);
});

t.test("so does one whose body is malformed from its first byte on", async (t) => {
  const bad = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n";
  const { client, metric } = await open(t, { request: (link) => link.write(bad) });
  const { status, reason } = await fire(client, 0, get(0));
  t.same([status, reason], [502, "upstream_protocol"]);
  t.equal(await metric("upstream_truncated_total"), 1);
  t.equal(await metric("breaker_state"), 1);
});

t.test(
  "a client that leaves in the middle of a response says nothing of the endpoint",
  async (t) => {
    const { upstream, client, metric, is } = await open(t, {
      request: (link) => link.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"),
    });
    client.request(...get(0));
    await client.bell.until(() => client.received.length > 0);
    client.reset();
    await is("concurrency_in_flight", 0);
    await upstream.bell.until(() => upstream.open.length === 0);
    t.equal(await metric("breaker_state"), 0);
    t.equal(await metric("upstream_truncated_total"), 0);
  },
);

/** Trips the breaker, and makes each answer after that a trial. */
const TRIAL = { ...STRICT, trials: 1, open: { base: "1ms", jitter: 0 } };

async function onTrial(t: Test, answer: (link: Link) => void, wanted: Settings = {}) {
  const cluster = { breaker: TRIAL };
  const world = await open(t, {}, { cluster, ...wanted });
  world.upstream.script = {
    request: (link) => {
      if (world.upstream.requests.length === 1)
        link.write("HTTP/1.1 500 No\r\nContent-Length: 0\r\n\r\n");
      else answer(link);
    },
  };
  t.equal((await fire(world.client, 0, get(0))).status, 500);
  await world.is("breaker_state", 2);
  return world;
}

t.test("a trial is judged at the end of its answer", async (t) => {
  let link: Link | undefined;
  const { client, is, metric } = await onTrial(t, (asked) => {
    link = asked;
    asked.write("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello");
  });
  const before = client.received.length;
  client.request(...get(1));
  await client.bell.until(() => client.received.length > before);
  t.equal(await metric("breaker_state"), 2);
  link?.write("hello");
  await client.response(1);
  await is("breaker_state", 0);
});

t.test("a tunnel is judged when it opens", async (t) => {
  const { client, is, metric } = await onTrial(
    t,
    (link) => {
      link.tunnel = () => {};
      link.write("HTTP/1.1 101 Go\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
    },
    { upgrades: ["echo"], cluster: { breaker: TRIAL } },
  );
  client.write("GET / HTTP/1.1\r\nHost: a.test\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n");
  await is("breaker_state", 0);
  t.equal(await metric("concurrency_in_flight"), 1, "and it is still open");
});
