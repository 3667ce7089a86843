// Connections to this machine by its own name.
import { once } from "node:events";
import { connect, createServer } from "node:net";
import t from "tap";
import { lookUpLoopback } from "../../src/core/loopback.ts";

t.test("localhost is 127.0.0.1 and ::1, whichever listens", async (t) => {
  for (const host of ["127.0.0.1", "::1"]) {
    const server = createServer((socket) => socket.end(host)).listen(0, host);
    await once(server, "listening");
    t.teardown(() => server.close());
    const bound = server.address();
    const port = typeof bound === "object" && bound !== null ? bound.port : 0;
    for (const name of ["localhost", "app.LOCALHOST"]) {
      const socket = connect({ host: name, port, lookup: lookUpLoopback });
      const [said] = await once(socket, "data");
      t.equal(String(said), host, `${name} where ${host} listens`);
    }
  }
});

t.test("one address is given to who asks for one, and none for another name", async (t) => {
  lookUpLoopback("localhost", {}, (error, address, family) => {
    t.strictSame([error, address, family], [null, "127.0.0.1", 4]);
  });
  const socket = connect({ host: "app.internal", port: 1, lookup: lookUpLoopback });
  const [error] = await once(socket, "error");
  t.match(error, { message: /app.internal is a name/ });
});
