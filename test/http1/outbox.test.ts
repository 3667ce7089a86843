import { once } from "node:events";
import net from "node:net";
import t, { type Test } from "tap";
import { Outbox } from "../../src/http1/outbox.ts";

/** Both ends of a connection, and how often the near end wrote to the kernel. */
async function pair(t: Test): Promise<{ near: net.Socket; far: net.Socket; writes: () => number }> {
  const server = net.createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const accepted = once(server, "connection");
  const near = net.connect(port, "127.0.0.1");
  const [far] = await accepted;
  t.teardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  let writes = 0;
  const { write } = near;
  Reflect.set(near, "write", (...args: unknown[]) => {
    writes++;
    return Reflect.apply(write, near, args);
  });
  return { near, far, writes: () => writes };
}

/** What arrives at `socket` until it holds `bytes`. */
async function received(socket: net.Socket, bytes: number): Promise<string> {
  let text = "";
  while (text.length < bytes) {
    const [piece] = await once(socket, "data");
    text += piece.toString("latin1");
  }
  return text;
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

t.test("what one turn sends leaves in one write, in its order, when the turn ends", async (t) => {
  const { near, far, writes } = await pair(t);
  const outbox = new Outbox(near);
  outbox.sendText("head ");
  outbox.sendBytes(Buffer.from("body "), false);
  outbox.sendBytes(Buffer.from("chunk"), true);
  outbox.sendText("0\r\n\r\n");
  t.equal(writes(), 0, "nothing before the turn ends");
  const sent = "head body 5\r\nchunk\r\n0\r\n\r\n";
  t.equal(await received(far, sent.length), sent);
  t.equal(writes(), 1);
});

t.test("bytes may change once they are handed over, large or small", async (t) => {
  const { near, far } = await pair(t);
  const outbox = new Outbox(near);
  const [small, large] = [Buffer.alloc(100, "s"), Buffer.alloc(40_000, "l")];
  outbox.sendBytes(small, false);
  outbox.sendBytes(large, false);
  small.fill("x");
  large.fill("x");
  t.equal(await received(far, 40_100), "s".repeat(100) + "l".repeat(40_000));
});

t.test("text that waits goes out before a large piece that does not, chunked or not", async (t) => {
  const { near, far } = await pair(t);
  const outbox = new Outbox(near);
  outbox.sendText("first;");
  outbox.sendBytes(Buffer.alloc(20_000, "a"), true);
  outbox.sendText("last");
  const sent = `first;4e20\r\n${"a".repeat(20_000)}\r\nlast`;
  t.equal(await received(far, sent.length), sent);
});

t.test("flush sends at once, and the end of the turn finds nothing more", async (t) => {
  const { near, writes } = await pair(t);
  const outbox = new Outbox(near);
  outbox.sendText("now");
  outbox.flush();
  t.equal(writes(), 1);
  await turn();
  t.equal(writes(), 1);
});

t.test("who sends first does not wait for all that a long turn has to send", async (t) => {
  const { near, writes } = await pair(t);
  const others = await Promise.all(Array.from({ length: 40 }, () => pair(t)));
  new Outbox(near).sendText("early");
  for (const other of others) new Outbox(other.near).sendText("later");
  t.equal(writes(), 1, "it is sent although the turn goes on");
  await turn();
  for (const other of others) t.equal(other.writes(), 1);
});

t.test("a socket that is gone is written to no more, and the others are", async (t) => {
  const [gone, there] = [await pair(t), await pair(t)];
  new Outbox(gone.near).sendText("lost");
  new Outbox(there.near).sendText("kept");
  gone.near.destroy();
  t.equal(await received(there.far, 4), "kept");
  t.equal(gone.writes(), 0);
});

t.test("it says when the other side reads too little", async (t) => {
  const { near, far } = await pair(t);
  far.pause();
  const outbox = new Outbox(near);
  const piece = Buffer.alloc(48 * 1024);
  t.ok(outbox.flows);
  let sent = 0;
  for (; outbox.flows && sent < 10_000; sent++) {
    outbox.sendBytes(piece, false);
    await turn();
  }
  t.notOk(outbox.flows, `after ${sent} pieces`);
  const drained = once(near, "drain");
  far.resume();
  await drained;
  t.ok(outbox.flows);
});
