// A single endpoint that refuses, swallows, resets and breaks off: faults D2, D6, D7 and D8.
import { join } from "node:path";
import t from "tap";
import { tcpAddress } from "../../../src/core/address.ts";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { barrage, fire, get, post, tally } from "../../support/load.ts";
import { Child } from "../../support/process.ts";
import { scratch } from "../../support/scratch.ts";
import { settings } from "../../support/settings.ts";
import { tool } from "../../support/tool.ts";
import { type Link, OK, Upstream } from "../../support/upstream.ts";

const MANY = { connections: 10, requests: 100 };

t.test("an endpoint that refuses connections is 502 at once, until it is back", async (t) => {
  const folder = scratch();
  t.teardown(() => folder.remove());
  const path = join(folder.path, "service");
  const nobody = await Upstream.listen();
  await nobody.close();
  for (const address of [nobody.address, { kind: "unix", path, text: `unix:${path}` } as const]) {
    const daemon = await Daemon.start(settings(address));
    const client = await RawClient.connect(daemon.inbound);
    for (const id of [0, 1]) {
      const { status, reason, body } = await fire(client, id, post(id));
      t.same([status, reason, body.trim()], [502, "connect_failed", "connect_failed"]);
    }
    t.equal(await daemon.metric("attempts_total", 'outcome="unreachable"'), 4, "two tries each");
    if (address.kind === "unix") {
      const service = await Upstream.listen(undefined, path);
      t.equal((await fire(client, 2, get(2))).status, 200);
      await service.close();
    }
    client.close();
    await daemon.stop();
  }
});

t.test("an endpoint that swallows connections is 502 after connectTimeout", async (t) => {
  const script = join(import.meta.dirname, "blackhole.py");
  const hole = Child.start(tool("python3"), [script], { stdio: ["pipe", "pipe", "pipe"] });
  const port = Number((await hole.says(/blackhole on ([0-9]+)/))[1]);
  const cluster = { connectTimeout: "200ms" };
  const daemon = await Daemon.start(settings(tcpAddress("127.0.0.1", port), { cluster }));
  t.teardown(() => Promise.all([daemon.stop(), hole.kill()]));
  const shots = await barrage(daemon.inbound, { connections: 20, requests: 20, request: get });
  t.same(tally(shots), { connect_failed: 20 });
  await daemon.metricIs("upstream_connections", 0);
  await daemon.metricIs("concurrency_in_flight", 0);
});

t.test("a POST that is answered with a RST is 502, and is sent once", async (t) => {
  const upstream = await Upstream.listen({ request: (link) => link.reset() });
  const daemon = await Daemon.start(settings(upstream.address));
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  const shots = await barrage(daemon.inbound, { ...MANY, request: post });
  t.same(tally(shots), { upstream_reset: MANY.requests });
  t.equal(upstream.requests.length, MANY.requests, "one attempt each");
  t.equal(await daemon.metric("retries_total"), 0);
});

const HEAD = "HTTP/1.1 200 OK\r\n";
/** Ways to break off; only the last one needs a RST to be one. */
const BREAKS: readonly (readonly [bytes: string, how: "finish" | "reset"])[] = [
  [`${HEAD}Content-Length: 10\r\n\r\nhalf`, "finish"],
  [`${HEAD}Content-Length: 10\r\n\r\nhalf`, "reset"],
  [`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, "finish"],
  [`${HEAD}Transfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n`, "reset"],
  [`${HEAD}\r\nhalf`, "reset"],
];

t.test("a response that breaks off never ends well for the client", async (t) => {
  let turn = 0;
  const breakOff = (link: Link): void => {
    const [bytes, how] = BREAKS[turn++ % BREAKS.length] ?? [OK, "finish"];
    link.socket.write(bytes, () => link[how]());
  };
  const upstream = await Upstream.listen({ request: breakOff });
  const daemon = await Daemon.start(settings(upstream.address));
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  const shots = await barrage(daemon.inbound, { ...MANY, request: get });
  t.same(tally(shots), { cut: MANY.requests }, "no clean end, no hang");
  t.equal(shots.filter(({ silent }) => silent).length, 0, "the head arrived each time");
  t.equal(await daemon.metric("upstream_truncated_total"), MANY.requests);
  await daemon.metricIs("concurrency_in_flight", 0);
});
