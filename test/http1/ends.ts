// Both ends of a connection over loopback, for tests of what writes to one.
import { once } from "node:events";
import net from "node:net";
import type { Test } from "tap";

/** A connection that is there; both ends are closed when the test is over. */
export async function ends(t: Test): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  const port = address !== null && typeof address === "object" ? address.port : 0;
  const accepted = once(server, "connection");
  const near = net.connect(port, "127.0.0.1");
  await once(near, "connect");
  const [far] = await accepted;
  t.teardown(() => {
    near.destroy();
    far.destroy();
    server.close();
  });
  return { near, far };
}

/** What arrives at `socket` until it holds `bytes`. */
export async function received(socket: net.Socket, bytes: number): Promise<string> {
  let text = "";
  while (text.length < bytes) {
    const [piece] = await once(socket, "data");
    text += piece.toString("latin1");
  }
  return text;
}
