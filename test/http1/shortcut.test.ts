import { once } from "node:events";
import net from "node:net";
import t, { type Test } from "tap";
import { Shortcut } from "../../src/http1/shortcut.ts";
import { ends, received } from "./ends.ts";

/** A connection and the short cut of its near end. */
async function pair(t: Test): Promise<{ near: net.Socket; far: net.Socket; shortcut: Shortcut }> {
  const { near, far } = await ends(t);
  return { near, far, shortcut: new Shortcut(near) };
}

/** Writes numbered texts until one has to be kept. */
function fill(shortcut: Shortcut): string {
  let sent = "";
  for (let i = 0; i < 10_000; i++) {
    const text = `${i};`.padEnd(8000, "x");
    if (!shortcut.write(text)) return sent;
    sent += text;
  }
  throw new Error("the kernel takes everything");
}

t.test("a text goes to the kernel at once, one byte a character", async (t) => {
  const { near, far, shortcut } = await pair(t);
  t.ok(shortcut.write("gr\u00fc\u00df dich"), "this Node has a way past the stream");
  t.equal(near.writableLength, 0);
  t.equal(await received(far, 9), "gr\u00fc\u00df dich");
});

t.test("what the kernel keeps waiting goes first, then what the stream writes", async (t) => {
  const { near, far, shortcut } = await pair(t);
  far.pause();
  const sent = fill(shortcut);
  near.write("and the stream's", "latin1");
  t.notOk(shortcut.write("lost"), "nothing overtakes the stream");
  const flushed = once(near, "finish");
  near.end();
  far.resume();
  t.equal(await received(far, sent.length + 16), `${sent}and the stream's`);
  await flushed;
});

t.test("it is open again when the kernel has taken all", async (t) => {
  const { near, far, shortcut } = await pair(t);
  far.pause();
  const sent = fill(shortcut);
  const written = new Promise((resolve) => near.write("!", "latin1", resolve));
  far.resume();
  const all = received(far, sent.length + 6);
  await written;
  t.ok(shortcut.write("again"));
  t.equal(await all, `${sent}!again`);
});

t.test("not before there is a connection, nor behind its end", async (t) => {
  const { near, shortcut } = await pair(t);
  const early = net.connect(near.remotePort ?? 0, "127.0.0.1");
  t.teardown(() => early.destroy());
  t.notOk(new Shortcut(early).write("early"));
  near.end();
  t.notOk(shortcut.write("late"));
});

t.test("what is kept when the connection fails is its socket's failure", async (t) => {
  const { near, far, shortcut } = await pair(t);
  far.pause();
  fill(shortcut);
  const failed = once(near, "error");
  far.resetAndDestroy();
  const [error] = await failed;
  t.match(error, { code: /ECONNRESET|EPIPE/ });
  t.ok(near.destroyed);
});

t.test("an error that the kernel tells at once is the stream's to tell", async (t) => {
  const { near, far, shortcut } = await pair(t);
  near.pause();
  far.resetAndDestroy();
  const failed = once(near, "error");
  // The kernel hears of a reset in its own time.
  while (shortcut.write("x")) await new Promise((resolve) => setImmediate(resolve));
  near.write("x", "latin1");
  const [error] = await failed;
  t.match(error, { code: /ECONNRESET|EPIPE/, syscall: "write" });
});
