// Clients that are slow on purpose: fault D20. They are cut, and nobody else notices.
import t from "tap";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { barrage, get, tally } from "../../support/load.ts";
import { values } from "../../support/message.ts";
import { settings } from "../../support/settings.ts";
import { POLITE, Upstream } from "../../support/upstream.ts";

const SLOW = 200;
const GOOD = { connections: 8, requests: 500, request: get };

const upstream = await Upstream.listen();
const limits = { headTimeout: "500ms", bodyIdle: "500ms", idle: "60s" };
const daemon = await Daemon.start(settings(upstream.address, { limits }));
t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));

/** Connections that each send `bytes`. */
async function slowly(bytes: string): Promise<readonly RawClient[]> {
  const opening = Array.from({ length: SLOW }, () => RawClient.connect(daemon.inbound));
  const clients = await Promise.all(opening);
  for (const client of clients) client.request("POST", bytes);
  return clients;
}

/** Good requests beside the slow ones, each a moment for those to drip `bytes`. */
async function beside(clients: readonly RawClient[], bytes: string): Promise<void> {
  const open = (): RawClient[] => clients.filter((client) => !client.closed && !client.ended);
  while (open().length > 0) {
    const shots = await barrage(daemon.inbound, { ...GOOD, requests: 50 });
    if (tally(shots)[200] !== 50) throw new Error(JSON.stringify(tally(shots)));
    for (const client of open()) if (client.responses.length === 0) client.write(bytes);
  }
}

async function allTold(clients: readonly RawClient[]): Promise<ReadonlySet<string>> {
  const told = clients.map(async (client) => {
    const { status, fields } = await client.response(0);
    return `${status} ${values(fields, "x-tidegate-reason")} ${values(fields, "connection")}`;
  });
  return new Set(await Promise.all(told));
}

t.test("heads that drip are 408 at headTimeout, and hold no slot until then", async (t) => {
  const clients = await slowly("POST / HTTP/1.1\r\nHost: a.test\r\nX-Drip: ");
  t.equal(await daemon.metric("concurrency_in_flight"), 0);
  await beside(clients, "a");
  t.same([...(await allTold(clients))], ["408 head_timeout close"]);
  t.equal(await daemon.metric("refusals_total", 'reason="head_timeout"'), SLOW);
});

t.test("bodies that stop are 408 at bodyIdle, and never completed upstream", async (t) => {
  const before = upstream.requests.length;
  const clients = await slowly(
    "POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100\r\n\r\nhello",
  );
  t.same([...(await allTold(clients))], ["408 body_timeout close"]);
  await upstream.bell.until(() => upstream.links.every((link) => link.closed || !link.partial));
  t.equal(upstream.requests.length, before);
  await daemon.metricIs("concurrency_in_flight", 0);
});

t.test("bodies that drip below bodyRateBytes are 408 as well", async (t) => {
  const clients = await slowly("POST / HTTP/1.1\r\nHost: a.test\r\nContent-Length: 100000\r\n\r\n");
  await beside(clients, "a");
  t.same([...(await allTold(clients))], ["408 body_timeout close"]);
  await daemon.metricIs("concurrency_in_flight", 0);
});

t.test("readers that stop are cut, and the upstream's connection with them", async (t) => {
  const body = Buffer.alloc(8 * 1024 * 1024, "x");
  upstream.script = {
    ...POLITE,
    request(link) {
      link.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      link.write(body);
    },
  };
  const opening = Array.from({ length: 20 }, () => RawClient.connect(daemon.inbound));
  const clients = await Promise.all(opening);
  for (const client of clients) client.socket.pause();
  for (const client of clients) client.write(get(0)[1]);
  await upstream.bell.until(() => upstream.links.filter((link) => !link.closed).length >= 20);
  await daemon.metricIs("concurrency_in_flight", 0);
  await upstream.bell.until(() => upstream.open.length === 0);
  for (const client of clients) client.socket.resume();
  await Promise.all(clients.map((client) => client.bell.until(() => client.closed)));
  t.equal(clients.filter(({ received }) => received.length >= body.length).length, 0);
  upstream.script = POLITE;
});
