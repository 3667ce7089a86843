// The life of HTTP/2 connections: tunnels, drain, idleness, rest; and that nothing of a stream is left behind.
import { constants } from "node:http2";
import t, { type Test } from "tap";
import { FrameClient, frameOf, GET } from "../../support/frames.ts";
import { Http2Client, tell } from "../../support/http2.ts";
import { values } from "../../support/message.ts";
import { scrape } from "../../support/scrape.ts";
import { type Settings, settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import { OK, type Script, Upstream } from "../../support/upstream.ts";

const { NGHTTP2_CANCEL } = constants;

async function world(t: Test, wanted: Settings = {}, script?: Script) {
  const upstream = await Upstream.listen(script);
  const sidecar = await startHere(settings(upstream.address, wanted));
  t.teardown(async () => {
    await sidecar.close();
    await upstream.close();
  });
  return { upstream, sidecar, address: addressOf(sidecar), health: addressOf(sidecar, "health") };
}

async function connect(t: Test, address: ReturnType<typeof addressOf>): Promise<Http2Client> {
  const client = await Http2Client.connect(address);
  t.teardown(() => client.close());
  return client;
}

const CONNECT = {
  ":method": "CONNECT",
  ":protocol": "websocket",
  ":scheme": "http",
  "sec-websocket-version": "13",
};

t.test("extended CONNECT is an upgrade at the endpoint, and carries bytes both ways", async (t) => {
  const script: Script = {
    request(link) {
      link.write(
        "HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Accept: x\r\n\r\nhello",
      );
      link.tunnel = (chunk) => link.write(`<${chunk.toString("latin1")}>`);
    },
  };
  const { upstream, address, health } = await world(
    t,
    { http2: { extendedConnect: true } },
    script,
  );
  const client = await connect(t, address);
  const stream = client.open("/ws", CONNECT);
  const heads: (number | undefined)[] = [];
  stream.on("response", (fields) => {
    heads.push(fields[":status"]);
    t.equal(fields["sec-websocket-accept"], undefined);
    t.equal(fields.upgrade, undefined);
  });
  let seen = "";
  await new Promise<void>((done) => {
    stream.on("data", (chunk: Buffer) => {
      seen += chunk;
      if (seen === "hello") stream.write("a");
      if (seen === "hello<a>") done();
    });
  });
  t.strictSame(heads, [200]);
  const [request] = upstream.requests;
  t.equal(request?.startLine, "GET /ws HTTP/1.1");
  const key = values(request?.fields ?? [], "sec-websocket-key")[0] ?? "";
  t.equal(Buffer.from(key, "base64").length, 16);
  t.strictSame(values(request?.fields ?? [], "upgrade"), ["websocket"]);
  const over = tell(stream);
  stream.end();
  await upstream.bell.until(() => upstream.links[0]?.ended === true);
  upstream.links[0]?.finish();
  t.equal((await over).code, 0);
  t.equal(await scrape(health, "concurrency_in_flight"), 0);
});

t.test("an endpoint that does not switch opens no tunnel", async (t) => {
  const { address } = await world(t, { http2: { extendedConnect: true } });
  const client = await connect(t, address);
  const stream = client.open("/ws", CONNECT);
  t.equal((await tell(stream)).status, 502);
});

t.test("drain: two GOAWAYs, and what was begun ends well", async (t) => {
  const { upstream, sidecar, address } = await world(t, {}, { request() {} });
  const client = await FrameClient.connect(address);
  t.teardown(() => client.close());
  client.write(frameOf("HEADERS", 5, 1, GET));
  await upstream.bell.until(() => upstream.requests.length === 1);
  const closed = sidecar.drain();
  await client.bell.until(() => client.of("GOAWAY").length === 1);
  t.equal(client.of("GOAWAY")[0]?.payload.readUInt32BE(0), 2 ** 31 - 1);
  // Sent before we could know: it is served, too.
  client.write(frameOf("HEADERS", 5, 3, GET));
  await upstream.bell.until(() => upstream.requests.length === 2);
  await client.bell.until(() => client.of("PING").length === 1);
  client.write(frameOf("PING", 1, 0, client.of("PING")[0]?.payload ?? Buffer.alloc(8)));
  await client.bell.until(() => client.of("GOAWAY").length === 2);
  t.equal(client.of("GOAWAY")[1]?.payload.readUInt32BE(0), 3);
  for (const { link } of upstream.requests) link.write(OK);
  await client.bell.until(() => client.closed);
  t.equal(client.of("HEADERS").length, 2);
  t.equal(client.of("RST_STREAM").length, 0);
  await closed;
});

t.test("an idle connection is told to go, and gone", async (t) => {
  const { address, health } = await world(t, { limits: { idle: "100ms" } });
  const client = await FrameClient.connect(address);
  t.teardown(() => client.close());
  t.equal(await scrape(health, "downstream_connections"), 1);
  await client.bell.until(() => client.closed);
  t.equal(client.goaway, "NO_ERROR");
  t.equal(await scrape(health, "downstream_connections"), 0);
});

t.test("a client that never sends SETTINGS is cut when a head would be late", async (t) => {
  const { address } = await world(t, { limits: { headTimeout: "100ms" } });
  const client = await FrameClient.connect(address, false);
  t.teardown(() => client.close());
  await client.bell.until(() => client.closed);
});

t.test(
  "a client that ends its side of the connection is gone, with all that it asked for",
  async (t) => {
    const { upstream, address, health } = await world(t, {}, { request() {} });
    const client = await FrameClient.connect(address);
    t.teardown(() => client.close());
    client.write(frameOf("HEADERS", 5, 1, GET));
    await upstream.bell.until(() => upstream.requests.length === 1);
    client.socket.end();
    await upstream.bell.until(() => upstream.links[0]?.closed === true);
    await client.bell.until(() => client.closed);
    t.equal(await scrape(health, "concurrency_in_flight"), 0);
  },
);

t.test("streams cancelled at every stage leave nothing behind", async (t) => {
  const script: Script = {
    request(link, { target }) {
      if (target === "/head") link.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
      if (target === "/some") link.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nsome");
      if (target === "/whole") link.write(OK);
    },
  };
  const { address, health, upstream } = await world(t, {}, script);
  const client = await connect(t, address);
  const ROUNDS = 25;
  for (let round = 0; round < ROUNDS; round++) {
    const over = ["/nothing", "/head", "/some", "/whole", "/body"].map((path) => {
      const stream = client.open(path, { ":method": path === "/body" ? "POST" : "GET" });
      if (path === "/body") stream.write(Buffer.alloc(100_000));
      else stream.end();
      const told = tell(stream);
      const cancel = (): void => stream.close(NGHTTP2_CANCEL);
      if (path === "/head") stream.once("response", cancel);
      if (path === "/some") stream.once("data", cancel);
      return { path, stream, told, cancel };
    });
    const seen = (target: string): boolean =>
      upstream.requests.filter((one) => one.target === target).length > round;
    await upstream.bell.until(() => seen("/nothing"));
    over[0]?.cancel();
    await upstream.bell.until(() => upstream.links.some(({ raw }) => raw.length > 100_000));
    over[4]?.cancel();
    await Promise.all(over.map(({ told }) => told));
  }
  // The answer to a PING comes behind everything that was done before it.
  await new Promise((done) => client.session.ping(done));
  await upstream.bell.until(
    () => upstream.links.filter(({ closed }) => closed).length >= 4 * ROUNDS,
  );
  t.equal(await scrape(health, "concurrency_in_flight"), 0);
  t.equal(await scrape(health, "queue_depth"), 0);
  const told = await client.ask("/whole", { body: Buffer.alloc(1_000_000) });
  t.equal(told.status, 200, "the windows of the connection are whole");
});
