// SIGTERM under load: fault D16. Nothing that was accepted is lost.
import t from "tap";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { fire, get, type Shot, tally } from "../../support/load.ts";
import { values } from "../../support/message.ts";
import { settings } from "../../support/settings.ts";
import { type Link, OK, POLITE, type Script, Upstream } from "../../support/upstream.ts";

const CONNECTIONS = 40;

/** Requests one after the other until the sidecar says that this was the last one. */
async function untilTold(client: RawClient, shots: Shot[]): Promise<void> {
  for (let id = 0; ; id++) {
    const shot = await fire(client, id, get(id));
    shots.push(shot);
    const told = values(shot.response?.fields ?? [], "connection").join() === "close";
    if (told || shot.response === undefined) return;
  }
}

async function ready(daemon: Daemon): Promise<number> {
  return (await fetch(`http://${daemon.health.text}/readyz`)).status;
}

for (const round of [1, 2, 3]) {
  t.test(`SIGTERM under load loses no request, time ${round}`, async (t) => {
    const upstream = await Upstream.listen();
    t.teardown(() => upstream.close());
    const drain = { delay: "200ms", timeout: "10s" };
    const daemon = await Daemon.start(settings(upstream.address, { drain }));
    const shots: Shot[] = [];
    const opening = Array.from({ length: CONNECTIONS }, () => RawClient.connect(daemon.inbound));
    const clients = await Promise.all(opening);
    const load = Promise.all(clients.map((client) => untilTold(client, shots)));
    await upstream.bell.until(() => upstream.requests.length >= 1000 * round);
    daemon.child.process.kill("SIGTERM");
    t.equal(await untilNot(200, () => ready(daemon)), 503, "unready while it still serves");
    await load;
    t.equal(await daemon.child.exit(), 0);
    t.same(tally(shots), { 200: shots.length }, `of ${shots.length}`);
    for (const client of clients) client.close();
  });
}

/** Asks until the answer is another one. */
async function untilNot(value: number, ask: () => Promise<number>): Promise<number> {
  for (;;) {
    const got = await ask();
    if (got !== value) return got;
  }
}

/** Answers `/held` only when it is told to. */
class Holder {
  readonly held: Link[] = [];
  readonly script: Script = {
    ...POLITE,
    request: (link, { target }) => {
      if (target === "/held") this.held.push(link);
      else link.write(OK);
    },
  };
}

const HELD = ["GET", "GET /held HTTP/1.1\r\nHost: a.test\r\n\r\n"] as const;

t.test(
  "a request in flight is answered, an idle connection is closed, a new one refused",
  async (t) => {
    const holder = new Holder();
    const upstream = await Upstream.listen(holder.script);
    const drain = { delay: "0s", timeout: "30s" };
    const daemon = await Daemon.start(settings(upstream.address, { drain }));
    t.teardown(() => Promise.all([daemon.kill(), upstream.close()]));
    const idle = await RawClient.connect(daemon.inbound);
    await fire(idle, 0, get(0));
    const busy = await RawClient.connect(daemon.inbound);
    const shot = fire(busy, 1, HELD);
    await upstream.bell.until(() => holder.held.length === 1);
    daemon.child.process.kill("SIGTERM");
    await idle.over();
    await t.rejects(RawClient.connect(daemon.inbound), { code: "ECONNREFUSED" });
    t.equal(await ready(daemon), 503, "the health listener still answers");
    holder.held[0]?.write(OK);
    const { status, response } = await shot;
    t.same([status, values(response?.fields ?? [], "connection")], [200, ["close"]]);
    t.equal(await daemon.child.exit(), 0);
  },
);

t.test("a response that is half sent is sent to its end, and that is the end", async (t) => {
  const half = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n";
  const upstream = await Upstream.listen({ request: (link) => link.write(half) });
  const drain = { delay: "0s", timeout: "20s" };
  const log = { access: "off", level: "warn" };
  const daemon = await Daemon.start(settings(upstream.address, { drain, log }));
  t.teardown(() => Promise.all([daemon.kill(), upstream.close()]));
  const client = await RawClient.connect(daemon.inbound);
  const shot = fire(client, 0, get(0));
  await client.bell.until(() => client.received.bytes().includes("half"));
  daemon.child.process.kill("SIGTERM");
  await refused(daemon);
  upstream.links[0]?.write("4\r\nmore\r\n0\r\n\r\n");
  const { status, body } = await shot;
  t.same([status, body], [200, "halfmore"]);
  t.equal(await daemon.child.exit(), 0);
  t.notMatch(daemon.child.stderr, /drain\.timeout is over/, "it did not wait for a next request");
});

/** Connects until nobody listens any more. */
async function refused(daemon: Daemon): Promise<void> {
  for (;;) {
    try {
      (await RawClient.connect(daemon.inbound)).close();
    } catch {
      return;
    }
  }
}

t.test("what has not ended at drain.timeout is cut, and the exit is 0", async (t) => {
  const holder = new Holder();
  const upstream = await Upstream.listen(holder.script);
  const drain = { delay: "0s", timeout: "300ms" };
  const daemon = await Daemon.start(settings(upstream.address, { drain }));
  t.teardown(() => Promise.all([daemon.kill(), upstream.close()]));
  const busy = await RawClient.connect(daemon.inbound);
  const shot = fire(busy, 1, HELD);
  await upstream.bell.until(() => holder.held.length === 1);
  daemon.child.process.kill("SIGTERM");
  t.equal(await daemon.child.exit(), 0);
  t.equal((await shot).response, undefined);
  await upstream.bell.until(() => holder.held[0]?.closed === true);
});

for (const second of ["SIGTERM", "SIGINT"] as const) {
  t.test(`a second signal, ${second}, is the end at once`, async (t) => {
    const holder = new Holder();
    const upstream = await Upstream.listen(holder.script);
    const drain = { delay: "60s", timeout: "600s" };
    const daemon = await Daemon.start(settings(upstream.address, { drain }));
    t.teardown(() => Promise.all([daemon.kill(), upstream.close()]));
    const busy = await RawClient.connect(daemon.inbound);
    const shot = fire(busy, 1, HELD);
    await upstream.bell.until(() => holder.held.length === 1);
    daemon.child.process.kill("SIGTERM");
    t.equal(await untilNot(200, () => ready(daemon)), 503);
    daemon.child.process.kill(second);
    t.equal(await daemon.child.exit(), 1);
    t.equal((await shot).response, undefined);
  });
}
