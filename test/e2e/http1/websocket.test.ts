// WebSockets through the sidecar: a tunnel, but only after the upstream has agreed.
import { randomBytes } from "node:crypto";
import t from "tap";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { values } from "../../support/message.ts";
import { settings } from "../../support/settings.ts";
import { type Link, Upstream } from "../../support/upstream.ts";
import { ACCEPT, echo, frame, HANDSHAKE, unframe } from "../../support/websocket.ts";

const GREETING = Buffer.from("welcome");

/** One open tunnel: the client after its 101, and the connection at the other end. */
async function open(daemon: Daemon, upstream: Upstream): Promise<[RawClient, Link]> {
  const client = await RawClient.connect(daemon.inbound);
  client.request("GET", HANDSHAKE);
  const response = await client.response();
  if (response.status !== 101) throw new Error(response.startLine);
  const link = upstream.links.at(-1);
  if (link === undefined) throw new Error("the upstream was not reached");
  return [client, link];
}

/** Waits for a frame behind the first `from` bytes that came after the 101. */
async function frameAt(client: RawClient, from: number): Promise<Buffer> {
  await client.bell.until(() => unframe(client.rest.subarray(from)) !== undefined || client.closed);
  return unframe(client.rest.subarray(from))?.payload ?? Buffer.from("nothing");
}

const AFTER_GREETING = frame(GREETING, false).length;

const upstream = await Upstream.listen(echo(GREETING));
const daemon = await Daemon.start(settings(upstream.address, { limits: { tunnelIdle: "60s" } }));
t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));

t.test("the handshake reaches both sides, and what is right behind it too", async (t) => {
  const client = await RawClient.connect(daemon.inbound);
  client.request("GET", HANDSHAKE);
  const { fields, status } = await client.response();
  t.equal(status, 101);
  t.same(values(fields, "sec-websocket-accept"), [ACCEPT]);
  t.same(values(fields, "upgrade"), ["websocket"]);
  t.match(values(fields, "connection").join(), /^upgrade$/i);
  const seen = upstream.requests.at(-1)?.fields ?? [];
  t.same(values(seen, "upgrade"), ["websocket"]);
  t.match(values(seen, "connection").join(), /^upgrade$/i);
  t.same(await frameAt(client, 0), GREETING);
  client.close();
});

t.test("frames of every size come back unchanged", async (t) => {
  const [client] = await open(daemon, upstream);
  let at = AFTER_GREETING;
  for (const size of [0, 1, 125, 65_536, 1_000_000]) {
    const payload = randomBytes(size);
    client.write(frame(payload, true));
    t.ok((await frameAt(client, at)).equals(payload), `${size} bytes`);
    at += frame(payload, false).length;
  }
  client.close();
});

t.test("what a client sends before the 101 waits for it", async (t) => {
  const client = await RawClient.connect(daemon.inbound);
  client.expect("GET");
  const early = Buffer.from("too early");
  client.write(Buffer.concat([Buffer.from(HANDSHAKE, "latin1"), frame(early, true)]));
  t.equal((await client.response()).status, 101);
  t.same(await frameAt(client, AFTER_GREETING), early);
  client.close();
});

t.test("the upstream closes, and the client is closed", async (t) => {
  const [client, link] = await open(daemon, upstream);
  link.finish();
  await client.over();
  await upstream.bell.until(() => link.closed);
  t.ok(client.ended);
});

t.test("the client closes, and the upstream is closed", async (t) => {
  const [client, link] = await open(daemon, upstream);
  client.finish();
  await upstream.bell.until(() => link.closed);
  await client.over();
  t.ok(link.ended);
});

t.test("a reset on one side is the end of both", async (t) => {
  const [client, link] = await open(daemon, upstream);
  client.reset();
  await upstream.bell.until(() => link.closed);
  const [other, second] = await open(daemon, upstream);
  second.reset();
  await other.over();
  t.ok(link.closed && second.closed);
});

t.test("a hundred tunnels at once, and none is left", async (t) => {
  const clients = await Promise.all(
    Array.from({ length: 100 }, () => RawClient.connect(daemon.inbound)),
  );
  for (const client of clients) client.request("GET", HANDSHAKE);
  for (const [index, client] of clients.entries()) {
    await client.response(0);
    client.write(frame(Buffer.from(`number ${index}`), true));
  }
  for (const [index, client] of clients.entries()) {
    t.equal((await frameAt(client, AFTER_GREETING)).toString(), `number ${index}`);
  }
  for (const client of clients) client.close();
  await daemon.metricIs("concurrency_in_flight", 0);
  await daemon.metricIs("downstream_connections", 0);
  await daemon.metricIs("upstream_connections", 0);
});

t.test("an answer that switches to another protocol is refused", async (t) => {
  upstream.script = {
    request: (link) =>
      link.write("HTTP/1.1 101 Switching Protocols\r\nUpgrade: foo\r\nConnection: Upgrade\r\n\r\n"),
  };
  const client = await RawClient.connect(daemon.inbound);
  client.request("GET", HANDSHAKE);
  const { status, fields } = await client.response();
  t.equal(status, 502);
  t.same(values(fields, "x-tidegate-reason"), ["upstream_protocol"]);
  client.close();
});

t.test("a tunnel in which nothing moves is closed after tunnelIdle", async (t) => {
  const upstream = await Upstream.listen(echo(GREETING));
  const daemon = await Daemon.start(
    settings(upstream.address, { limits: { tunnelIdle: "300ms" } }),
  );
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  const [client, link] = await open(daemon, upstream);
  await client.over();
  await upstream.bell.until(() => link.closed);
  t.ok(client.closed || client.ended);
});

t.test("a route without upgrades makes no tunnel", async (t) => {
  const upstream = await Upstream.listen();
  const daemon = await Daemon.start(settings(upstream.address, { upgrades: [] }));
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  const client = await RawClient.connect(daemon.inbound);
  client.request("GET", HANDSHAKE);
  t.equal((await client.response()).status, 200);
  t.same(values(upstream.requests[0]?.fields ?? [], "upgrade"), []);
  client.close();
});
