// What each kind of probe asks, and what it makes of the answers.
import type { IncomingMessage } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import { createServer } from "node:net";
import t, { type Test } from "tap";
import type { ProbeResult } from "../../src/control/checked.ts";
import type { Check } from "../../src/control/probe.ts";
import { NO_ADVICE } from "../../src/policy/advice.ts";
import { scratch } from "../support/scratch.ts";
import { Bench, HTTP, h2, http, mute, Place, TCP } from "./checks.ts";

/** One probe of `place`, after which nobody is connected any more. */
async function ask(t: Test, place: Place, check: Check): Promise<ProbeResult> {
  const bench = new Bench(t);
  const result = await bench.ask(place.address, check);
  await bench.checker.stop();
  await place.left();
  return result;
}

function socketIn(t: Test): string {
  const folder = scratch();
  t.teardown(() => folder.remove());
  return `${folder.path}/a.sock`;
}

t.test("tcp: a connection passes, also on a unix socket", async (t) => {
  t.match(await ask(t, await mute(t), TCP), { result: "ok", reason: "connected" });
  t.match(await ask(t, await mute(t, socketIn(t)), TCP), { result: "ok" });
});

t.test("a unix socket that is not there fails, and says so", async (t) => {
  const place = await mute(t, socketIn(t));
  await place.close();
  for (const check of [TCP, HTTP, { kind: "grpc", service: "" } as const]) {
    const result = await new Bench(t).ask(place.address, check);
    t.match(result, { result: "failed", reason: /^connect ENOENT \// }, check.kind);
  }
});

t.test("tcp: a connection says nothing, and what was said before is over", async (t) => {
  t.strictSame((await ask(t, await mute(t), TCP)).advice, NO_ADVICE);
});

t.test("http: the request is as the config says, on a connection that ends with it", async (t) => {
  const seen: Pick<IncomingMessage, "method" | "url" | "headers">[] = [];
  const place = await http(t, ({ method, url, headers }, response) => {
    seen.push({ method, url, headers });
    response.end("ok");
  });
  await ask(t, place, HTTP);
  t.match(seen[0], { method: "GET", url: "/healthz" });
  t.strictSame(seen[0]?.headers, {
    host: place.address.text,
    connection: "close",
    "user-agent": "tidegate",
  });
  const headers = { host: "a.test", authorization: "Basic eA==", "user-agent": "mine" };
  await ask(t, place, { ...HTTP, method: "OPTIONS", path: "/up?deep=1", headers });
  t.match(seen[1], { method: "OPTIONS", url: "/up?deep=1", headers });
});

t.test("http: on a unix socket the host is localhost", async (t) => {
  let host = "";
  const answer = (request: IncomingMessage) => {
    host = request.headers.host ?? "";
  };
  const place = await http(
    t,
    (request, response) => [answer(request), response.end()],
    socketIn(t),
  );
  t.equal((await ask(t, place, HTTP)).result, "ok");
  t.equal(host, "localhost");
});

t.test("http: the status decides, and redirects are not followed", async (t) => {
  let status = 200;
  const place = await http(t, (_, response) =>
    response.writeHead(status, { location: "/other" }).end(),
  );
  for (const passing of [200, 204, 299]) {
    status = passing;
    t.match(await ask(t, place, HTTP), { result: "ok", reason: `status ${passing}` });
  }
  for (const failing of [302, 404, 500, 503]) {
    status = failing;
    t.match(await ask(t, place, HTTP), { result: "failed", reason: `status ${failing}` });
  }
  const statuses = [
    { from: 200, to: 204 },
    { from: 401, to: 401 },
  ];
  for (const [given, result] of [
    [204, "ok"],
    [205, "failed"],
    [401, "ok"],
  ] as const) {
    status = given;
    t.equal((await ask(t, place, { ...HTTP, statuses })).result, result, String(given));
  }
});

t.test("http: the body is looked through, up to 64 KiB", async (t) => {
  let body = "";
  const place = await http(t, (_, response) => response.end(body));
  const check = { ...HTTP, body: "all is well" };
  const of = async (text: string) => {
    body = text;
    return ask(t, place, check);
  };
  t.equal((await of("yes, all is well here")).result, "ok");
  t.match(await of("all is bad"), {
    result: "failed",
    reason: "status 200, but its body lacks what is expected",
  });
  t.equal((await of(`${"x".repeat(65_000)}all is well`)).result, "ok");
  t.equal((await of(`${"x".repeat(65_530)}all is well`)).result, "failed");
});

t.test("http: a body that never ends is left after 64 KiB", async (t) => {
  const place = await http(t, (_, response) => {
    const more = (): void => {
      while (response.write("x".repeat(10_000)));
    };
    response.on("drain", more);
    more();
  });
  t.match(await ask(t, place, HTTP), { result: "ok", reason: "status 200" });
});

t.test("http: HEAD needs no body", async (t) => {
  const place = await http(t, (_, response) =>
    response.writeHead(200, { "content-length": 5 }).end(),
  );
  t.equal((await ask(t, place, { ...HTTP, method: "HEAD" })).result, "ok");
});

t.test("http: what is no answer fails, in words", async (t) => {
  const answers: readonly (readonly [string, RegExp])[] = [
    ["", /^other side closed$/],
    ["SSH-2.0-x\r\n", /Expected HTTP/],
    ["HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nshort", /./],
    [`HTTP/1.1 200 OK\r\nX-A: ${"a".repeat(100_000)}\r\n\r\n`, /Headers Overflow/i],
  ];
  for (const [text, reason] of answers) {
    const place = await Place.open(
      t,
      createServer((socket) => socket.once("data", () => socket.end(text))),
    );
    const result = await ask(t, place, HTTP);
    t.match(result, { result: "failed", reason });
    t.notMatch(result.reason, /[\r\n]/);
  }
});

t.test("http: a service that speaks HTTP/2 alone is asked over it", async (t) => {
  const seen: unknown[] = [];
  const place = await h2(t, (stream, headers) => {
    seen.push(headers[":method"], headers[":path"], headers["user-agent"]);
    stream.respond({ ":status": 200, "x-tidegate-weight": "7" });
    stream.end("fine");
  });
  const check = { ...HTTP, http2: true, body: "fine" };
  const asked = await ask(t, place, check);
  t.match(asked, { result: "ok", reason: "status 200", advice: { weight: 7 } });
  t.strictSame(seen, ["GET", "/healthz", "tidegate"]);
  t.match(await ask(t, place, { ...check, body: "ill" }), { result: "failed" });
  t.match(await ask(t, place, HTTP), { result: "failed" });
});

t.test("http: what the service says of itself comes with the result", async (t) => {
  let headers: Readonly<Record<string, string | string[]>> = {};
  const place = await http(t, (_, response) => response.writeHead(200, headers).end());
  t.strictSame((await ask(t, place, HTTP)).advice, {
    weight: undefined,
    drain: false,
    maxConcurrency: undefined,
  });
  headers = {
    "x-tidegate-weight": "40",
    "X-Tidegate-Drain": "True",
    "x-tidegate-max-concurrency": "12",
  };
  const said = { weight: 40, drain: true, maxConcurrency: 12 };
  t.strictSame((await ask(t, place, HTTP)).advice, said);
});

const SERVING = Buffer.from([0, 0, 0, 0, 2, 0x08, 1]);

function reply(stream: ServerHttp2Stream, message: Buffer, grpcStatus = "0"): void {
  stream.respond(
    { ":status": 200, "content-type": "application/grpc", "x-tidegate-weight": "7" },
    { waitForTrailers: true },
  );
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": grpcStatus }));
  stream.end(message);
}

t.test("grpc: SERVING passes; the service is asked for by its name", async (t) => {
  const bodies: string[] = [];
  const place = await h2(t, async (stream) => {
    let body = Buffer.alloc(0);
    for await (const chunk of stream) body = Buffer.concat([body, chunk]);
    bodies.push(body.toString("latin1"));
    reply(stream, SERVING);
  });
  for (const service of ["", "a.B"]) {
    t.match(await ask(t, place, { kind: "grpc", service }), {
      result: "ok",
      reason: "SERVING",
      advice: { weight: 7 },
    });
  }
  t.strictSame(bodies, ["\0\0\0\0\0", "\0\0\0\0\x05\x0a\x03a.B"]);
});

t.test("grpc: the call is as gRPC wants it", async (t) => {
  const place = await h2(t, (stream, headers) => {
    t.match(headers, {
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
    });
    reply(stream, SERVING);
  });
  t.equal((await ask(t, place, { kind: "grpc", service: "" })).result, "ok");
});

t.test("grpc: every other status fails by its name", async (t) => {
  let answer = (_: ServerHttp2Stream): void => {};
  const place = await h2(t, (stream) => answer(stream));
  const grpc: Check = { kind: "grpc", service: "" };
  const rows: readonly (readonly [string, (stream: ServerHttp2Stream) => void])[] = [
    ["NOT_SERVING", (stream) => reply(stream, Buffer.from([0, 0, 0, 0, 2, 0x08, 2]))],
    ["UNKNOWN", (stream) => reply(stream, Buffer.from([0, 0, 0, 0, 0]))],
    ["status 9", (stream) => reply(stream, Buffer.from([0, 0, 0, 0, 2, 0x08, 9]))],
    ["grpc-status 2", (stream) => reply(stream, SERVING, "2")],
    [
      "grpc-status 5",
      (stream) => stream.respond({ ":status": 200, "grpc-status": "5" }, { endStream: true }),
    ],
    ["status 404", (stream) => stream.respond({ ":status": 404 }, { endStream: true })],
    ["the answer is not a HealthCheckResponse", (stream) => reply(stream, Buffer.from("hello"))],
    ["the answer is too long", (stream) => reply(stream, Buffer.alloc(100_000))],
    ["Stream closed with error code NGHTTP2_REFUSED_STREAM", (stream) => stream.close(7)],
  ];
  for (const [reason, how] of rows) {
    answer = how;
    t.match(await ask(t, place, grpc), { result: "failed", reason });
  }
});

t.test("grpc: a server of another protocol fails", async (t) => {
  const place = await http(t, (_, response) => response.end());
  t.equal((await ask(t, place, { kind: "grpc", service: "" })).result, "failed");
});

t.test("grpc: a server that says nothing is left at the timeout", async (t) => {
  const [bench, place] = [new Bench(t), await mute(t)];
  const asked = bench.ask(place.address, { kind: "grpc", service: "" });
  await place.bell.until(() => place.sockets.length === 1);
  bench.pass(1000);
  t.match(await asked, { result: "failed", reason: "timeout" });
  await place.left();
});
