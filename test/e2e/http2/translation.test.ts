// HTTP/2 in, HTTP/1.1 out: what becomes of a request on its way through, and of its answer.
import { randomBytes } from "node:crypto";
import { constants } from "node:http2";
import net from "node:net";
import t, { type Test } from "tap";
import { RawClient } from "../../support/client.ts";
import { Http2Client, tell } from "../../support/http2.ts";
import { members, values } from "../../support/message.ts";
import { run } from "../../support/process.ts";
import { type Settings, settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import { tool } from "../../support/tool.ts";
import { OK, type Script, Upstream } from "../../support/upstream.ts";

const { NGHTTP2_CANCEL, NGHTTP2_INTERNAL_ERROR } = constants;

async function world(t: Test, wanted: Settings = {}, script?: Script) {
  const upstream = await Upstream.listen(script);
  const sidecar = await startHere(settings(upstream.address, wanted));
  const client = await Http2Client.connect(addressOf(sidecar));
  t.teardown(async () => {
    await client.close();
    await sidecar.close();
    await upstream.close();
  });
  return { upstream, sidecar, client, address: addressOf(sidecar) };
}

t.test("curl by prior knowledge", async (t) => {
  const { address, upstream } = await world(t);
  const args = ["-sS", "--max-time", "20", "--http2-prior-knowledge", "-w", "%{http_version}"];
  const { stdout } = await run(tool("curl"), [...args, `http://${address.text}/a?b=c`]);
  t.equal(stdout, "ok2");
  const [request] = upstream.requests;
  t.equal(request?.startLine, "GET /a?b=c HTTP/1.1");
  t.strictSame(values(request?.fields ?? [], "host"), [address.text]);
  t.strictSame(values(request?.fields ?? [], "via"), ["2 tidegate"]);
});

t.test("nghttp, which upgrades nothing and asks for much at once", async (t) => {
  const { address, upstream } = await world(t);
  const urls = Array.from({ length: 20 }, (_, i) => `http://${address.text}/${i}`);
  const { stdout, ended } = await run(tool("nghttp"), ["-v", ...urls]);
  t.equal(ended, 0);
  t.equal(stdout.match(/:status: 200/g)?.length, 20);
  t.equal(upstream.requests.length, 20);
});

t.test("a preface that comes byte by byte is one, and HTTP/1.1 beside it is served", async (t) => {
  const { address } = await world(t);
  if (address.kind !== "tcp") throw new Error("a port is wanted");
  const socket = net.connect(address.port, address.host);
  socket.setNoDelay(true);
  t.teardown(() => socket.destroy());
  const settingsFrame = "\0\0\0\x04\0\0\0\0\0";
  const first = new Promise<Buffer>((done) => socket.once("data", done));
  for (const byte of `PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n${settingsFrame}`) {
    await new Promise((done) => socket.write(byte, "latin1", done));
  }
  t.equal((await first)[3], 4, "a SETTINGS frame");
  const h1 = await RawClient.connect(address);
  t.teardown(() => h1.close());
  h1.request("GET", "GET / HTTP/1.1\r\nHost: a.test\r\n\r\n");
  t.equal((await h1.response()).status, 200);
});

t.test("a broken preface is refused as HTTP/1.1 refuses", async (t) => {
  const { address } = await world(t);
  const client = await RawClient.connect(address);
  t.teardown(() => client.close());
  client.request("GET", "PRI * HTTP/2.0\r\n\r\nSX\r\n\r\n");
  t.equal((await client.response()).status, 505);
  await client.bell.until(() => client.ended);
});

t.test("crumbs of a cookie are joined, and Host is what :authority says", async (t) => {
  const { client, upstream } = await world(t);
  const fields = { cookie: ["a=1", "b=2"], host: "A.TEST", te: "trailers" };
  t.equal((await client.ask("/", { fields })).status, 200);
  const [request] = upstream.requests;
  t.strictSame(values(request?.fields ?? [], "cookie"), ["a=1; b=2"]);
  t.strictSame(values(request?.fields ?? [], "host"), ["a.test"]);
  t.strictSame(values(request?.fields ?? [], "te"), ["trailers"]);
});

t.test("bodies of every size, with and without a length, come whole", async (t) => {
  const { client, upstream } = await world(t);
  for (const size of [0, 1, 65_536, 65_537, 3_000_000]) {
    const body = randomBytes(size);
    for (const fields of [{}, { "content-length": String(size) }]) {
      const told = await client.ask("/", { body, fields });
      t.equal(told.status, 200);
      t.ok(upstream.requests.at(-1)?.body.equals(body), `${size}`);
    }
  }
});

t.test("trailers of the request and of the response", async (t) => {
  const { client, upstream } = await world(
    t,
    {},
    {
      request: (link) =>
        link.write(
          "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTrailer: X-Sum\r\n\r\n1\r\na\r\n0\r\nX-Sum: 7\r\nHost: b\r\n\r\n",
        ),
    },
  );
  const wanted = { fields: { te: "trailers" }, body: "b", trailers: { "x-req": "1", host: "c" } };
  const told = await client.ask("/", wanted);
  t.strictSame([told.status, String(told.body), told.trailers["x-sum"]], [200, "a", "7"]);
  t.equal(told.trailers.host, undefined);
  t.strictSame(
    upstream.requests[0]?.trailers.map(({ name, value }) => [name, value]),
    [["x-req", "1"]],
  );
  const without = await client.ask("/", { body: "b" });
  t.strictSame([without.status, { ...without.trailers }], [200, {}]);
});

t.test("HEAD, 204 and 304 have no body; 1xx are relayed", async (t) => {
  const script: Script = {
    request(link, { method, target }) {
      if (method === "HEAD") link.write("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n");
      else if (target === "/103") link.write(`HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n${OK}`);
      else link.write(`HTTP/1.1 ${target.slice(1)} X\r\nETag: "a"\r\n\r\n`);
    },
  };
  const { client } = await world(t, {}, script);
  const head = await client.ask("/", { fields: { ":method": "HEAD" } });
  t.strictSame([head.status, head.fields["content-length"], head.body.length], [200, "9", 0]);
  for (const status of [204, 304]) {
    const told = await client.ask(`/${status}`);
    t.strictSame([told.status, told.fields.etag, told.body.length], [status, '"a"', 0]);
  }
  const hints = await client.ask("/103");
  t.strictSame([hints.interim, hints.status, String(hints.body)], [[103], 200, "ok"]);
});

t.test("Expect: the endpoint asks for the body, and a refusal does not", async (t) => {
  const { client, upstream } = await world(t);
  const fields = { ":method": "POST", expect: "100-continue" };
  const stream = client.open("/", fields);
  stream.once("continue", () => stream.end("body"));
  const told = await tell(stream);
  t.strictSame([told.interim, told.status], [[100], 200]);
  t.equal(String(upstream.requests[0]?.body), "body");
  t.notOk(members(upstream.requests[0]?.fields ?? [], "expect").length === 0);
});

t.test(
  "an answer that comes before the body is whole is not lost, and ends the stream",
  async (t) => {
    const { client } = await world(
      t,
      {},
      {
        head: (link) => link.write("HTTP/1.1 413 No\r\nContent-Length: 2\r\n\r\nno"),
      },
    );
    const stream = client.open("/", { ":method": "POST" });
    stream.write("some of it");
    const told = await tell(stream);
    t.strictSame([told.status, String(told.body), told.code], [413, "no", 0]);
  },
);

t.test("a response that breaks off is a reset, not an end", async (t) => {
  const script: Script = {
    request(link, { target }) {
      const length = target === "/length" ? "Content-Length: 9" : "Transfer-Encoding: chunked";
      const body = target === "/length" ? "half" : "4\r\nhalf\r\n";
      link.write(`HTTP/1.1 200 OK\r\n${length}\r\n\r\n${body}`);
    },
  };
  const { client, upstream } = await world(t, {}, script);
  for (const path of ["/length", "/chunked"]) {
    const stream = client.open(path);
    stream.end();
    // All that has come has gone on before the end comes.
    stream.once("data", () => upstream.links.at(-1)?.finish());
    let ended = false;
    stream.on("end", () => {
      ended = true;
    });
    const told = await tell(stream);
    t.strictSame([told.status, told.code, ended], [200, NGHTTP2_INTERNAL_ERROR, false], path);
  }
});

t.test("a client that resets its stream is gone: the endpoint's connection is cut", async (t) => {
  const { client, upstream } = await world(t, {}, { request() {} });
  const stream = client.open("/");
  stream.end();
  const told = tell(stream);
  await upstream.bell.until(() => upstream.requests.length === 1);
  stream.close(NGHTTP2_CANCEL);
  await told;
  await upstream.bell.until(() => upstream.links[0]?.closed === true);
});

t.test(
  "the deadline is 504, with the headers of every refusal, and the stream's alone",
  async (t) => {
    const { client } = await world(
      t,
      { timeout: "50ms" },
      {
        request(link, { target }) {
          if (target !== "/slow") link.write(OK);
        },
      },
    );
    const [slow, quick] = await Promise.all([client.ask("/slow"), client.ask("/quick")]);
    t.strictSame([slow.status, slow.fields["x-tidegate-reason"]], [504, "upstream_timeout"]);
    t.equal(slow.fields.connection, undefined);
    t.equal(quick.status, 200);
  },
);

t.test("many streams of one connection are served at once, each with its own answer", async (t) => {
  const { client } = await world(
    t,
    {},
    {
      request: (link, { target }) =>
        link.write(`HTTP/1.1 200 OK\r\nContent-Length: ${target.length}\r\n\r\n${target}`),
    },
  );
  const paths = Array.from({ length: 100 }, (_, i) => `/${i}`);
  const told = await Promise.all(paths.map((path) => client.ask(path)));
  t.strictSame(
    told.map(({ body }) => String(body)),
    paths,
  );
});

t.test("a big response waits for a slow reader and comes whole", async (t) => {
  const body = randomBytes(5_000_000);
  const { client } = await world(
    t,
    {},
    {
      request(link) {
        link.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
        link.write(body);
      },
    },
  );
  const stream = client.open("/");
  stream.end();
  const told = tell(stream);
  stream.pause();
  stream.once("response", () => stream.resume());
  t.ok((await told).body.equals(body));
});
