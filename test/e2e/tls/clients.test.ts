// TLS with clients: curl, OpenSSL and Node's own, through the sidecar as users run it.
import t, { type Test } from "tap";
import { Authority, type Pair } from "../../support/certificates.ts";
import { RawClient } from "../../support/client.ts";
import { Daemon } from "../../support/daemon.ts";
import { values } from "../../support/message.ts";
import { Child, run } from "../../support/process.ts";
import { type Settings, settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import { tool } from "../../support/tool.ts";
import { OK, Upstream } from "../../support/upstream.ts";

const GET = "GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
const authority = new Authority();
const [own, stranger] = [authority.sign(), new Authority().sign()];
const server = (more: object = {}) => ({ certificate: own.certFile, key: own.keyFile, ...more });

async function stage(t: Test, tls: object, more: Settings = {}) {
  const upstream = await Upstream.listen();
  const sidecar = await startHere(settings(upstream.address, { ...more, tls: server(tls) }));
  t.teardown(() => Promise.all([sidecar.close(), upstream.close()]));
  const connect = (pair?: Pair): Promise<RawClient> => {
    const client = pair === undefined ? {} : { cert: pair.cert, key: pair.key };
    return RawClient.secure(addressOf(sidecar), { ca: authority.cert, ...client });
  };
  return { upstream, sidecar, connect };
}

/** The status that a client with such a certificate gets; `none` when it gets no answer. */
async function answer(connect: (pair?: Pair) => Promise<RawClient>, pair?: Pair): Promise<string> {
  try {
    const client = await connect(pair);
    client.request("GET", GET);
    const { status } = await client.response();
    client.close();
    return String(status);
  } catch {
    return "none";
  }
}

t.test("curl and openssl, by the certificate's name, TLS 1.2 and 1.3", async (t) => {
  const upstream = await Upstream.listen();
  const daemon = await Daemon.start(settings(upstream.address, { tls: server() }));
  t.teardown(() => Promise.all([daemon.stop(), upstream.close()]));
  const { port } = new URL(daemon.url);
  const url = `https://localhost:${port}/`;
  const told = ["-o", "/dev/null", "-w", "%{http_code} %{http_version} %{num_connects}\n"];
  const curl = async (...args: string[]): Promise<string> =>
    (await run(tool("curl"), ["-sS", "--cacert", authority.file, ...args])).stdout;
  for (const version of ["1.2", "1.3"]) {
    t.equal(await curl("--tls-max", version, `--tlsv${version}`, url), "ok", version);
  }
  for (const version of ["1.1", "2"]) {
    const both = [`--http${version}`, ...told, url, ...told, url];
    t.equal(await curl(...both), `200 ${version} 1\n200 ${version} 0\n`, "kept alive");
  }
  t.equal(await curl("--data-binary", `@${import.meta.filename}`, url), "ok");
  t.same(
    upstream.requests.map(({ fields }) => values(fields, "x-forwarded-proto")),
    Array.from({ length: 7 }, () => ["https"]),
  );
  await t.rejects(curl("--tls-max", "1.1", "--tlsv1.0", url), /alert protocol version|35/);
  const args = ["s_client", "-connect", `localhost:${port}`, "-alpn", "h2,http/1.1"];
  const openssl = await run(tool("openssl"), [...args, "-CAfile", authority.file]);
  t.match(openssl.stdout, /Verification: OK/);
  t.match(openssl.stdout, /ALPN protocol: h2/);
  t.equal(await daemon.metric("tls_handshakes_total", 'result="ok"'), 6);
  t.equal(await daemon.metric("tls_handshakes_total", 'result="failed"'), 1);
  const left = (await daemon.metric("certificate_expiry_seconds")) - Date.now() / 1000;
  t.ok(left > 364 * 86_400 && left < 366 * 86_400, "expires in a year");
});

t.test("client certificates: who comes in, by what is asked for", async (t) => {
  const ca = { clientCa: authority.file };
  const web = authority.sign({ sans: "URI:spiffe://a.test/ns/x/sa/web" });
  const expired = authority.sign({ at: "2020-01-01 00:00:00", days: 1 });
  const clients = { nobody: undefined, known: own, web, stranger, expired };
  const matrix = [
    [{}, "nobody 200, known 200, web 200, stranger 200, expired 200"],
    [ca, "nobody none, known 200, web 200, stranger none, expired none"],
    [
      { ...ca, clientCertificates: "request" },
      "nobody 200, known 200, web 200, stranger none, expired none",
    ],
    [
      { ...ca, allowedSans: ["spiffe://a.test/ns/*/sa/web"] },
      "nobody none, known none, web 200, stranger none, expired none",
    ],
  ] as const;
  for (const [tls, expected] of matrix) {
    const { connect, sidecar, upstream } = await stage(t, tls);
    const got: string[] = [];
    for (const [name, pair] of Object.entries(clients))
      got.push(`${name} ${await answer(connect, pair)}`);
    t.equal(got.join(", "), expected);
    t.equal(upstream.requests.length, got.filter((each) => each.endsWith("200")).length);
    await sidecar.close();
  }
});

t.test("a client that is trusted by the name in its certificate", async (t) => {
  const edge = authority.sign({ sans: "URI:spiffe://a.test/ns/x/sa/edge" });
  const trust = ["san:spiffe://a.test/ns/*/sa/edge"];
  const { connect, upstream } = await stage(t, { clientCa: authority.file }, { trust });
  for (const pair of [edge, own]) {
    const client = await connect(pair);
    client.request("GET", GET.replace("\r\n\r\n", "\r\nX-Forwarded-For: 10.0.0.1\r\n\r\n"));
    await client.response();
    client.close();
  }
  const chains = upstream.requests.map(({ fields }) => values(fields, "x-forwarded-for").join());
  t.strictSame(chains, ["10.0.0.1, 127.0.0.1", "127.0.0.1"]);
});

t.test("minVersion: 1.3 refuses TLS 1.2", async (t) => {
  const { sidecar } = await stage(t, { minVersion: 1.3 });
  const connect = (maxVersion: "TLSv1.2" | "TLSv1.3") =>
    RawClient.secure(addressOf(sidecar), { ca: authority.cert, maxVersion });
  await t.rejects(connect("TLSv1.2"), /protocol version/);
  (await connect("TLSv1.3")).close();
});

t.test("what is no TLS is closed, and slow handshakes hold up nobody", async (t) => {
  const handshakes = { timeout: "300ms" };
  const { sidecar, connect } = await stage(t, { handshakes });
  const silent = await Promise.all(
    Array.from({ length: 50 }, () => RawClient.connect(addressOf(sidecar))),
  );
  const plain = await RawClient.connect(addressOf(sidecar));
  plain.write(GET);
  await plain.over();
  t.notMatch(plain.received.bytes().toString("latin1"), /HTTP/);
  t.equal(await answer(connect), "200", "before any of the silent ones is given up");
  t.ok(silent.every(({ closed, ended }) => !closed && !ended));
  await Promise.all(silent.map((client) => client.over()));
  t.pass("then their time is over");
});

t.test("more handshakes than there may be: the rest is closed at once", async (t) => {
  const { sidecar, connect } = await stage(t, { handshakes: { max: 3, timeout: "1m" } });
  const silent: RawClient[] = [];
  for (let i = 0; i < 3; i++) silent.push(await RawClient.connect(addressOf(sidecar)));
  t.equal(await answer(connect), "none");
  silent[0]?.close();
  await silent[0]?.over();
  for (let got = "none"; got !== "200"; ) got = await answer(connect);
  t.pass("and there is room again");
});

t.test("a client that leaves without close_notify, before and inside of a request", async (t) => {
  const { connect, upstream } = await stage(t, {});
  const idle = await connect();
  idle.cutOff();
  await idle.over();
  upstream.script = {};
  const busy = await connect();
  busy.request("GET", GET);
  await upstream.bell.until(() => upstream.requests.length === 1);
  busy.cutOff();
  await upstream.bell.until(() => upstream.links.every(({ closed }) => closed));
  t.pass("the request at the endpoint is cut");
});

t.test("a response that breaks off where only its end would tell is a reset", async (t) => {
  const { connect, upstream } = await stage(t, {});
  upstream.script = {
    request(link) {
      link.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n");
    },
  };
  const client = await connect();
  client.request("GET", "GET / HTTP/1.0\r\n\r\n");
  await client.bell.until(() => client.received.bytes().toString().endsWith("ok"));
  upstream.links[0]?.finish();
  await client.over();
  t.equal(client.error, "ECONNRESET");
});

t.test("big bodies, both ways", async (t) => {
  const { connect, upstream } = await stage(t, {});
  const big = Buffer.alloc(5_000_000, "abc");
  upstream.script = {
    request(link, { body }) {
      link.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      link.write(body);
    },
  };
  const client = await connect();
  const head = `POST / HTTP/1.1\r\nHost: localhost\r\nContent-Length: ${big.length}\r\n\r\n`;
  client.request("POST", Buffer.concat([Buffer.from(head), big]));
  t.ok((await client.response()).body.equals(big));
  client.close();
});

t.test("draining: what was begun is answered, whoever shakes hands may finish", async (t) => {
  const { connect, upstream, sidecar } = await stage(t, {});
  upstream.script = {};
  const busy = await connect();
  busy.request("GET", GET);
  await upstream.bell.until(() => upstream.requests.length === 1);
  const drained = sidecar.drain();
  upstream.links[0]?.write(OK);
  t.equal((await busy.response()).status, 200);
  await busy.over();
  await drained;
});

t.test("a session is resumed, with TLS 1.2 and 1.3", async (t) => {
  const upstream = await Upstream.listen();
  const tls = server({ clientCa: authority.file });
  const daemon = await Daemon.start(settings(upstream.address, { tls }));
  t.teardown(() => Promise.all([daemon.kill(), upstream.close()]));
  const client = ["-cert", own.certFile, "-key", own.keyFile];
  const folder = t.testdir({});
  for (const version of ["-tls1_2", "-tls1_3"]) {
    const file = `${folder}/session${version}`;
    const args = ["s_client", "-connect", daemon.inbound.text, version, "-CAfile", authority.file];
    const said = async (more: string[]): Promise<string> => {
      const child = Child.start(tool("openssl"), [...args, ...client, "-ign_eof", ...more], {
        stdio: ["pipe", "pipe", "pipe"],
      });
      child.process.stdin?.write("GET / HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
      await child.says(/HTTP\/1\.1 \d+/);
      child.process.stdin?.end();
      await child.exit();
      return child.stdout;
    };
    t.match(await said(["-sess_out", file]), /^New, /m);
    t.match(await said(["-sess_in", file]), /^Reused, /m, version);
  }
});
