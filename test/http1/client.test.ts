import { randomBytes } from "node:crypto";
import { createServer } from "node:net";
import t, { type Test } from "tap";
import { tcpAddress } from "../../src/core/address.ts";
import type { PoolSettings } from "../../src/http1/pool.ts";
import { OK, POLITE, type Script } from "../support/upstream.ts";
import { Bench, Listener, until } from "./endpoint.ts";

async function open(t: Test, script: Script, wanted: Partial<PoolSettings> = {}): Promise<Bench> {
  const bench = await Bench.open(script, wanted);
  t.teardown(() => bench.close());
  return bench;
}

/** An endpoint that sends `text`, and then ends as told. */
function answering(text: string, end?: "finish" | "reset"): Script {
  return {
    request(link) {
      link.write(text);
      if (end === "finish") link.finish();
      // What was written must have left before the RST, which would overtake it.
      if (end === "reset") link.socket.write("", () => setImmediate(() => link.reset()));
    },
  };
}

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

const PART = "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n";

t.test("a body of which nothing arrives for its time is cut, one that moves is not", async (t) => {
  const bench = await open(t, answering(PART));
  const connection = bench.take();
  const listener = bench.get(connection);
  await listener.bell.until(() => listener.head !== undefined);
  connection.limitIdle(1000);
  const link = await bench.link(0);
  for (let i = 0; i < 3; i++) {
    link.write("x");
    await listener.bell.until(() => listener.body.length === i + 1);
    bench.clock.pass(1000);
    t.equal(listener.over, false);
  }
  bench.clock.pass(1000);
  t.match(listener, { failure: "truncated", detail: /1000 ms/ });
});

t.test("a body that we do not read is not the endpoint's fault", async (t) => {
  const bench = await open(t, answering(PART));
  const connection = bench.take();
  const listener = bench.get(connection);
  await listener.bell.until(() => listener.head !== undefined);
  connection.limitIdle(1000);
  connection.pause();
  for (let i = 0; i < 5; i++) bench.clock.pass(1000);
  t.equal(listener.over, false);
  connection.resume();
  (await bench.link(0)).write("123456789");
  t.equal((await listener.ended()).body, "123456789");
});

t.test(
  "a request with a body arrives as it was given, whatever becomes of the buffer",
  async (t) => {
    for (const chunked of [false, true]) {
      for (const size of [1, 1000, 16_384, 65_536, 300_000]) {
        const bench = await open(t, POLITE);
        const bytes = randomBytes(size);
        const framing = chunked ? "transfer-encoding: chunked" : `content-length: ${2 * size}`;
        const connection = bench.take();
        const listener = new Listener();
        const head = `POST / HTTP/1.1\r\nhost: a.test\r\n${framing}\r\n\r\n`;
        connection.send(head, "POST", chunked, listener);
        for (let i = 0; i < 2; i++) {
          const view = Buffer.from(bytes);
          connection.write(view);
          view.fill(0);
        }
        connection.end("");
        connection.flush();
        await listener.ended();
        const sent = bench.upstream.requests[0];
        t.ok(sent?.body.equals(Buffer.concat([bytes, bytes])), `${size}, chunked: ${chunked}`);
        t.equal(bench.pool.idle, 1);
      }
    }
  },
);

t.test("a chunked request ends with its trailers", async (t) => {
  const bench = await open(t, POLITE);
  const connection = bench.take();
  const listener = new Listener();
  const head = "POST / HTTP/1.1\r\nhost: a.test\r\ntransfer-encoding: chunked\r\n\r\n";
  connection.send(head, "POST", true, listener);
  connection.write(Buffer.from("abc"));
  connection.end("x-sum: 3\r\n");
  await listener.ended();
  const { body, trailers } = bench.upstream.requests[0] ?? {};
  t.same([`${body}`, trailers], ["abc", [{ name: "x-sum", value: "3" }]]);
});

t.test(
  "an early answer is told at once, and one whose request broke off is not lost",
  async (t) => {
    const early = "HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig";
    const script: Script = {
      head(link) {
        link.write(early);
        link.finish();
        link.socket.pause();
      },
    };
    const bench = await open(t, script);
    const connection = bench.take();
    const listener = new Listener();
    const head = "POST / HTTP/1.1\r\nhost: a.test\r\ncontent-length: 1000000000\r\n\r\n";
    connection.send(head, "POST", false, listener);
    connection.flush();
    const piece = Buffer.alloc(65_536);
    while (!listener.over) {
      connection.write(piece);
      await new Promise((next) => setImmediate(next));
    }
    t.match(listener, { body: "big", whole: true, failure: undefined });
    await until(() => bench.pool.size === 0);
  },
);

t.test("big bodies at the same time do not mix, however they are paused", async (t) => {
  const sizes = [3_000_000, 1_000_000, 200_000, 70_000, 5];
  const bodies = sizes.map((size) => randomBytes(size));
  let served = 0;
  const bench = await open(t, {
    request(link) {
      const body = bodies[served++ % bodies.length] ?? Buffer.alloc(0);
      link.write(
        `HTTP/1.1 200 OK\r\nX-Size: ${body.length}\r\nContent-Length: ${body.length}\r\n\r\n`,
      );
      link.write(body);
    },
  });
  const listeners = sizes.map(() => {
    const connection = bench.take();
    const listener = bench.get(connection);
    listener.onPiece = () => {
      if (listener.pieces % 3 > 0) return;
      connection.pause();
      setImmediate(() => connection.resume());
    };
    return listener;
  });
  for (const listener of listeners) {
    const { head, body } = await listener.ended();
    const size = Number(head?.fields.named("x-size")[0]);
    const wanted = bodies[sizes.indexOf(size)];
    t.ok(wanted?.equals(Buffer.from(body, "latin1")), `${size} bytes`);
  }
});

t.test("a paused connection keeps what it has, and asks the endpoint to wait", async (t) => {
  const body = randomBytes(20_000_000);
  const bench = await open(t, {
    request(link) {
      link.write(`HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\n\r\n`);
      link.write(body);
    },
  });
  const connection = bench.take();
  const listener = bench.get(connection);
  listener.onPiece = () => connection.pause();
  await listener.bell.until(() => listener.pieces > 0);
  for (let turns = 0; turns < 50; turns++) await new Promise((next) => setImmediate(next));
  t.equal(listener.pieces, 1, "nothing arrives while it is paused");
  t.ok((await bench.link(0)).socket.writableLength > 0, "the endpoint waits");
  listener.onPiece = undefined;
  connection.resume();
  const { body: got } = await listener.ended();
  t.ok(Buffer.from(got, "latin1").equals(body));
});

t.test("after 101 bytes flow both ways until either side ends", async (t) => {
  const bench = await open(t, {
    request(link) {
      link.tunnel = (chunk) => link.write(chunk.toString("latin1").toUpperCase());
      link.write(
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\nhi ",
      );
    },
  });
  const connection = bench.take();
  const listener = bench.get(connection);
  await listener.bell.until(() => listener.body === "hi ");
  connection.write(Buffer.from("there"));
  await listener.bell.until(() => listener.body === "hi THERE");
  connection.end("");
  const link = await bench.link(0);
  await bench.upstream.bell.until(() => link.ended);
  link.finish();
  t.equal((await listener.ended()).whole, true);
  await until(() => bench.pool.size === 0);
});

t.test("a connection that is destroyed says nothing more", async (t) => {
  const bench = await open(t, answering(PART));
  const connection = bench.take();
  const listener = bench.get(connection);
  await listener.bell.until(() => listener.head !== undefined);
  connection.destroy();
  const link = await bench.link(0);
  await bench.upstream.bell.until(() => link.closed);
  await until(() => bench.pool.size === 0);
  t.equal(listener.over, false);
  t.equal(bench.clock.wheel.size, 0, "no timer is left");
});
