import { randomBytes } from "node:crypto";
import t from "tap";
import { POLITE, type Script } from "../support/upstream.ts";
import { answering, Listener, open, until } from "./endpoint.ts";

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

t.test("who asks to wait with the last bytes of a body holds up no other request", async (t) => {
  const bench = await open(t, POLITE);
  const big = "x".repeat(10_000);
  bench.upstream.script = answering(`HTTP/1.1 200 OK\r\nContent-Length: 10000\r\n\r\n${big}`);
  const connection = bench.take();
  const listener = bench.get(connection);
  listener.onPiece = () => connection.pause();
  await listener.ended();
  await until(() => bench.pool.idle === 1);
  bench.upstream.script = POLITE;
  const next = bench.take();
  t.equal(next, connection);
  t.equal((await bench.get(next).ended()).body, "ok");
});
