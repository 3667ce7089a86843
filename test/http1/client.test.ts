import { createServer } from "node:net";
import t from "tap";
import { tcpAddress } from "../../src/core/address.ts";
import { OK, POLITE, type Script } from "../support/upstream.ts";
import { answering, open, until } from "./endpoint.ts";

t.test("a response is told as head, body and end", async (t) => {
  const bench = await open(
    t,
    answering("HTTP/1.1 200 Fine\r\nX-A: b\r\nContent-Length: 5\r\n\r\nhello"),
  );
  const { head, body, whole, interims } = await bench.get().ended();
  t.match(head, { status: 200, phrase: "Fine", framing: { kind: "length", bytes: 5 } });
  t.same([body, whole, interims], ["hello", true, []]);
  t.equal(bench.upstream.requests[0]?.method, "GET");
});

t.test("it makes no difference in how many packets a response comes", async (t) => {
  const text =
    "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\nHTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" +
    "5;a=b\r\nhello\r\n3\r\nyou\r\n0\r\nX-Sum: 8\r\n\r\n";
  const script: Script = {
    async request(link) {
      for (const byte of text) {
        await new Promise<void>((done) => link.socket.write(byte, () => done()));
        await new Promise((next) => setImmediate(next));
      }
    },
  };
  const bench = await open(t, script);
  const { body, trailers, interims } = await bench.get().ended();
  t.same([body, trailers?.value(0), interims], ["helloyou", "8", [103]]);
  t.equal(bench.pool.idle, 1);
});

t.test("interim responses are told one by one, up to a limit", async (t) => {
  const hints = (count: number) => "HTTP/1.1 103 X\r\n\r\n".repeat(count);
  const bench = await open(t, answering(hints(100) + OK));
  t.equal((await bench.get().ended()).interims.length, 100);
  bench.upstream.script = answering(hints(101) + OK);
  t.match(await bench.get().ended(), { failure: "malformed", detail: /interim/ });
});

t.test("interim responses together may be larger than one head may be", async (t) => {
  const hint = `HTTP/1.1 103 X\r\nLink: ${"a".repeat(800)}\r\n\r\n`;
  const bench = await open(t, answering(hint.repeat(20) + OK), { responseHeaderBytes: 1024 });
  const listener = await bench.get().ended();
  t.match(listener, { failure: undefined, body: "ok" });
  t.equal(listener.interims.length, 20);
});

const BODILESS = ["HTTP/1.1 204 No Content\r\n\r\n", "HTTP/1.1 304 X\r\nContent-Length: 7\r\n\r\n"];

t.test("a response without a body ends with its head", async (t) => {
  for (const text of BODILESS) {
    const bench = await open(t, answering(text));
    t.match(await bench.get().ended(), { body: "", whole: true });
    t.equal(bench.pool.idle, 1);
  }
  const bench = await open(t, answering("HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n"));
  t.match(await bench.get(bench.take(), "HEAD").ended(), { body: "", whole: true });
  t.equal(bench.pool.idle, 1);
});

t.test("bytes behind a response harm nobody: it is whole, and the connection ends", async (t) => {
  const bench = await open(t, answering(`${OK}HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nevil`));
  t.match(await bench.get().ended(), { body: "ok", whole: true });
  await until(() => bench.pool.size === 0);
  bench.upstream.script = POLITE;
  t.equal((await bench.get().ended()).body, "ok");
});

const ENDS: readonly (readonly [
  sent: string,
  how: "finish" | "reset",
  failure: string | undefined,
])[] = [
  ["", "finish", "reset"],
  ["", "reset", "reset"],
  ["HTTP/1.1 20", "finish", "cut"],
  ["HTTP/1.1 200 OK\r\nX-A: b\r\n", "reset", "cut"],
  ["HTTP/1.1 103 X\r\n\r\n", "finish", "cut"],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "finish", "truncated"],
  ["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", "reset", "truncated"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n", "finish", "truncated"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n", "finish", "truncated"],
  ["HTTP/1.1 200 OK\r\n\r\nok", "finish", undefined],
  ["HTTP/1.1 200 OK\r\n\r\nok", "reset", "truncated"],
];

t.test("how a connection ends says what became of the response", async (t) => {
  for (const [sent, how, failure] of ENDS) {
    const bench = await open(t, answering(sent, how));
    const listener = await bench.get().ended();
    t.equal(listener.failure, failure, `${JSON.stringify(sent)}, ${how}`);
    if (failure === undefined || failure === "truncated") t.equal(listener.body, "ok");
    await until(() => bench.pool.size === 0);
  }
});

const MALFORMED: readonly (readonly [sent: string, failure: string])[] = [
  ["hello\r\n\r\n", "malformed"],
  ["HTTP/1.1 200 OK\nX: y\n\n", "malformed"],
  ["HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n", "malformed"],
  ["HTTP/1.1 200 OK\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n", "malformed"],
  [`HTTP/1.1 200 OK\r\nX: ${"a".repeat(66_000)}\r\n\r\n`, "malformed"],
  ["HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nokX", "truncated"],
  [
    "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\na b: c\r\n\r\n",
    "truncated",
  ],
];

t.test("what cannot be read is told as malformed, or as truncated behind the head", async (t) => {
  for (const [sent, failure] of MALFORMED) {
    const bench = await open(t, answering(sent));
    t.equal((await bench.get().ended()).failure, failure, JSON.stringify(sent.slice(0, 80)));
    await until(() => bench.pool.size === 0);
  }
});

t.test("an endpoint that nobody listens on is unreachable", async (t) => {
  const server = createServer();
  await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
  const bound = server.address();
  const port = bound !== null && typeof bound === "object" ? bound.port : 0;
  await new Promise((done) => server.close(done));
  const bench = await open(t, {}, { address: tcpAddress("127.0.0.1", port) });
  t.match(await bench.get().ended(), { failure: "unreachable", detail: /ECONNREFUSED/ });
  await until(() => bench.pool.size === 0);
});

t.test("a connection that is not there within its time is unreachable", async (t) => {
  const bench = await open(t, POLITE, { connectTimeout: 500 });
  // Nothing can connect before the event loop turns, and it does not turn before the time is over.
  const listener = bench.get();
  bench.clock.pass(499);
  t.equal(listener.over, false);
  bench.clock.pass(1);
  t.match(listener, { failure: "unreachable", detail: /500 ms/ });
  await until(() => bench.pool.size === 0);
});

t.test("time in which we stand still is no time to connect in", async (t) => {
  const bench = await open(t, POLITE, { connectTimeout: 500 });
  const listener = bench.get();
  bench.clock.pass(400);
  bench.clock.stall(2000);
  bench.clock.pass(400);
  bench.clock.stall(3000);
  t.equal(listener.over, false);
  t.equal((await listener.ended()).body, "ok", "it was there all the time");
  const late = bench.get();
  bench.clock.stall(2000);
  bench.clock.pass(3000);
  t.match(late, { failure: undefined }, "that connection was idle");
});

t.test("a stall puts the end of the time to connect off once, not for ever", async (t) => {
  const bench = await open(t, POLITE, { connectTimeout: 500 });
  const listener = bench.get();
  bench.clock.stall(2000);
  bench.clock.pass(1998);
  t.equal(listener.over, false);
  bench.clock.pass(1);
  t.match(listener, { failure: "unreachable" });
});

t.test("once connected, the time to connect is over", async (t) => {
  const bench = await open(t, {}, { connectTimeout: 500 });
  const listener = bench.get();
  const link = await bench.link(0);
  await bench.upstream.bell.until(() => link.requests.length > 0);
  bench.clock.pass(10_000);
  t.equal(listener.over, false);
  link.write(OK);
  t.equal((await listener.ended()).body, "ok");
});

t.test("a name with two addresses, neither of which can be reached, says why", async (t) => {
  const bench = await open(t, POLITE, { address: tcpAddress("localhost", 1) });
  const { failure, detail } = await bench.get().ended();
  t.equal(failure, "unreachable");
  t.match(detail, /ECONNREFUSED/);
});
