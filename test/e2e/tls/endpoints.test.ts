// TLS with endpoints: whom we believe, what we show, and what the log says when that fails.
import { readFileSync } from "node:fs";
import { createSecureServer, type ServerHttp2Session, type ServerHttp2Stream } from "node:http2";
import { createServer as createHttps } from "node:https";
import type { AddressInfo, Socket } from "node:net";
import { join } from "node:path";
import { Server, type TlsOptions } from "node:tls";
import t, { type Test } from "tap";
import { tcpAddress } from "../../../src/core/address.ts";
import { Authority } from "../../support/certificates.ts";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { lookUntil } from "../../support/look.ts";
import { scrape } from "../../support/scrape.ts";
import { settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";

const GET = "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n";
const authority = new Authority();
const own = authority.sign();
const spiffe = authority.sign({ sans: "URI:spiffe://a.test/ns/x/sa/app" });

/** An endpoint; `connected` gets what it is sent. */
async function endpoint(t: Test, options: TlsOptions, connected?: (socket: Socket) => void) {
  const server = new Server(options, (socket) => {
    socket.on("error", () => {});
    if (connected !== undefined) connected(socket);
    else socket.on("data", () => socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"));
  });
  const open = new Set<Socket>();
  server.on("connection", (socket: Socket) => open.add(socket)).on("tlsClientError", () => {});
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    server.close();
  });
  return { server, address: tcpAddress("127.0.0.1", (server.address() as AddressInfo).port) };
}

/** The status of a GET through the sidecar, and what the log says of it. */
async function ask(t: Test, options: TlsOptions, tls: object): Promise<string> {
  const { address } = await endpoint(t, options);
  const file = join(t.testdir({}), "access.log");
  const log = { access: "all", level: "error", file };
  const sidecar = await startHere(
    settings(address, { log, retry: { attempts: 0 }, cluster: { tls } }),
  );
  const client = await RawClient.connect(addressOf(sidecar));
  client.request("GET", GET);
  const { status } = await client.response();
  client.close();
  await sidecar.close();
  const { outcome, detail = "" } = JSON.parse(readFileSync(file, "utf8"));
  return `${status} ${outcome} ${detail}`;
}

const ca = authority.file;

t.test("whom we believe", async (t) => {
  const cases: readonly (readonly [TlsOptions, object, RegExp])[] = [
    [own, { ca }, /^200 answered $/],
    [own, { ca, serverName: "localhost" }, /^200 answered $/],
    [own, { ca, serverName: "b.test" }, /^502 unreachable TLS: .*b\.test.*altnames/],
    [own, {}, /^502 unreachable TLS: unable to verify|^502 unreachable TLS: self-signed|issuer/],
    [new Authority().sign(), { ca }, /^502 unreachable TLS: /],
    [authority.sign({ at: "2020-01-01 00:00:00", days: 1 }), { ca }, /unreachable TLS: .*expired/],
    [spiffe, { ca }, /^502 unreachable TLS: .*altnames/],
    [spiffe, { ca, sans: ["spiffe://a.test/ns/*/sa/app"] }, /^200 answered $/],
    [own, { ca, sans: ["spiffe://a.test/ns/*/sa/app"] }, /unreachable TLS: none of the cert/],
    [{ ...own, maxVersion: "TLSv1.2" }, { ca, minVersion: 1.3 }, /unreachable TLS: .*protocol/],
  ];
  for (const [options, tls, expected] of cases) t.match(await ask(t, options, tls), expected);
});

t.test("what we show", async (t) => {
  const asks = { ...own, ca: authority.cert, requestCert: true };
  const shown = { ca, certificate: own.certFile, key: own.keyFile };
  for (const maxVersion of ["TLSv1.2", "TLSv1.3"] as const) {
    t.equal(await ask(t, { ...asks, maxVersion }, shown), "200 answered ");
    t.match(await ask(t, { ...asks, maxVersion }, { ca }), /^502 unreachable TLS: /, maxVersion);
  }
});

t.test("nothing is sent to somebody who is not the one", async (t) => {
  let came = 0;
  const { address } = await endpoint(t, new Authority().sign(), (socket) =>
    socket.on("data", (chunk: Buffer) => (came += chunk.length)),
  );
  const sidecar = await startHere(settings(address, { cluster: { tls: { ca } } }));
  t.teardown(() => sidecar.close());
  const client = await RawClient.connect(addressOf(sidecar));
  client.request("GET", GET);
  t.equal((await client.response()).status, 502);
  client.close();
  t.equal(came, 0);
});

t.test(
  "a body that only the end of the connection ends: with and without close_notify",
  async (t) => {
    const head = "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n";
    const ends: Record<string, (socket: Socket) => void> = {
      whole: (socket) => socket.end(`${head}${"x".repeat(200_000)}`),
      cut: (socket) => socket.write(`${head}hello`, () => below(socket).end()),
    };
    for (const [name, end] of Object.entries(ends)) {
      const { address } = await endpoint(t, own, (socket) =>
        socket.once("data", () => end(socket)),
      );
      const sidecar = await startHere(settings(address, { cluster: { tls: { ca } } }));
      const client = await RawClient.connect(addressOf(sidecar));
      client.request("GET", GET);
      if (name === "whole") t.equal((await client.response()).body.length, 200_000);
      else await t.rejects(client.response(), /no response/, name);
      t.match(client.received.bytes().toString().slice(0, 15), "HTTP/1.1 200 OK");
      client.close();
      await sidecar.close();
    }
  },
);

function below(socket: Socket): Socket {
  return Reflect.get(socket, "_parent");
}

t.test("connections are kept, and new ones resume the session", async (t) => {
  const reused: boolean[] = [];
  const { address, server } = await endpoint(t, own);
  server.on("secureConnection", (socket) => reused.push(socket.isSessionReused()));
  const cluster = { protocol: "http1", tls: { ca } };
  const sidecar = await startHere(settings(address, { cluster }));
  t.teardown(() => sidecar.close());
  const clients = await Promise.all(
    Array.from({ length: 3 }, () => RawClient.connect(addressOf(sidecar))),
  );
  const [first] = clients;
  for (let i = 0; i < 3; i++) {
    first?.request("GET", GET);
    await first?.response(i);
  }
  t.strictSame(reused, [false], "one connection for all three");
  for (const client of clients) client.request("GET", GET);
  await Promise.all(clients.map((client) => client.response()));
  t.strictSame(reused, [false, true, true]);
  for (const client of clients) client.close();
});

t.test("probes use the same: HTTP and TCP", async (t) => {
  const https = createHttps({ cert: own.cert, key: own.key }, (_, response) => response.end("ok"));
  await new Promise<void>((listening) => https.listen(0, "127.0.0.1", listening));
  t.teardown(() => https.close());
  const address = tcpAddress("127.0.0.1", (https.address() as AddressInfo).port);
  for (const kind of [{ http: { path: "/" } }, { tcp: {} }]) {
    for (const [tls, healthy] of [
      [{ ca }, 1],
      [{ ca, serverName: "b.test" }, 0],
    ] as const) {
      const healthCheck = { ...kind, fall: 1, interval: "100ms" };
      const daemon = await Daemon.start(settings(address, { cluster: { tls, healthCheck } }));
      await daemon.metricReaches("health_checks_total", 1, healthy ? 'result="ok"' : "failed");
      t.equal(await daemon.metric("endpoint_healthy"), healthy, JSON.stringify([kind, tls]));
      await daemon.stop();
    }
  }
});

t.test("HTTP/2: where it is wanted, and by auto where the endpoint prefers it", async (t) => {
  const h2 = createSecureServer({ cert: own.cert, key: own.key });
  h2.on("stream", (stream: ServerHttp2Stream, headers) => {
    stream.respond({ ":status": 200 });
    stream.end(`${headers[":scheme"]}`);
  });
  const sessions = new Set<ServerHttp2Session>();
  h2.on("session", (session) => sessions.add(session));
  await new Promise<void>((listening) => h2.listen(0, "127.0.0.1", listening));
  t.teardown(() => {
    for (const session of sessions) session.destroy();
    h2.close();
  });
  const both = tcpAddress("127.0.0.1", (h2.address() as AddressInfo).port);
  const { address: only1 } = await endpoint(t, own);
  for (const [address, protocol, expected] of [
    [both, "http2", "https"],
    [both, "auto", "https"],
    [only1, "auto", "ok"],
    [only1, "http2", "connect_failed"],
  ] as const) {
    const retry = { attempts: 0 };
    const text = settings(address, { retry, cluster: { protocol, tls: { ca } } });
    const sidecar = await startHere(text);
    const client = await RawClient.connect(addressOf(sidecar));
    // By auto it is known when the endpoint has been asked; this one speaks nothing else.
    let body = "";
    for (let asked = 0; body !== expected && asked < 1000; asked++) {
      client.request("GET", GET);
      body = (await client.response(asked)).body.toString();
    }
    t.equal(body, expected, `${protocol} ${address === both ? "h2" : "http/1.1"}`);
    client.close();
    await sidecar.close();
  }
});

t.test("probes over HTTP/2: of gRPC, and by a request", async (t) => {
  const h2 = createSecureServer({ cert: own.cert, key: own.key });
  const open = new Set<Socket>();
  h2.on("connection", (socket: Socket) => open.add(socket));
  h2.on("stream", (stream: ServerHttp2Stream, headers) => {
    if (headers[":path"] === "/healthz") return stream.respond({ ":status": 204 });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.end(Buffer.from([0, 0, 0, 0, 2, 0x08, 1]));
  });
  h2.on("sessionError", () => {});
  await new Promise<void>((listening) => h2.listen(0, "127.0.0.1", listening));
  t.teardown(() => {
    for (const socket of open) socket.destroy();
    h2.close();
  });
  const address = tcpAddress("127.0.0.1", (h2.address() as AddressInfo).port);
  for (const kind of [{ grpc: {} }, { http: { path: "/healthz" } }]) {
    for (const [tls, healthy] of [
      [{ ca }, 1],
      [{ ca, serverName: "b.test" }, 0],
    ] as const) {
      const cluster = { tls, protocol: "http2", healthCheck: { ...kind, fall: 1 } };
      const sidecar = await startHere(settings(address, { cluster }));
      const health = addressOf(sidecar, "health");
      const result = `result="${healthy ? "ok" : "failed"}"`;
      const probed = async () => (await scrape(health, "health_checks_total", result)) > 0;
      await lookUntil(probed, result);
      t.equal(await scrape(health, "endpoint_healthy"), healthy, JSON.stringify([kind, tls]));
      await sidecar.close();
    }
  }
});
