// How many handshakes there may be, and when they begin. The time is the test's to pass.
import { Socket } from "node:net";
import t from "tap";
import { type HandshakeFailure, Handshakes } from "../../src/tls/handshakes.ts";
import { materialOf } from "../../src/tls/material.ts";
import { type HandshakeEnd, type HandshakeLimits, ServerTls } from "../../src/tls/server.ts";
import { HandClock } from "../http1/endpoint.ts";
import { Authority } from "../support/certificates.ts";

const { cert: certificate, key } = new Authority().sign();

/** Sockets that begin are only counted. */
class Counted extends ServerTls {
  readonly begun: ((end: HandshakeEnd) => void)[] = [];

  override begin(_: Socket, ended: (end: HandshakeEnd) => void): void {
    this.begun.push(ended);
  }
}

function stage(limits: Partial<HandshakeLimits>) {
  const material = materialOf({ certificate, key });
  if ("problem" in material) throw new Error(material.problem);
  const handshakes = { timeout: 10_000, max: 1000, rate: 500, ...limits };
  const rest = { clientCertificates: "off", allowedSans: [], minVersion: 1.2 } as const;
  const tls = new Counted({ ...rest, handshakes }, material);
  const clock = new HandClock();
  const counts: Record<string, number> = {};
  const failures: HandshakeFailure[] = [];
  const all = new Handshakes(clock.wheel, {
    ended: () => {},
    failed: (failure) => failures.push(failure),
    count: (result) => (counts[result] = (counts[result] ?? 0) + 1),
  });
  const add = (count: number): Socket[] =>
    Array.from({ length: count }, () => {
      const socket = new Socket();
      all.add(socket, tls);
      return socket;
    });
  return { tls, clock, counts, failures, all, add };
}

t.test("the rate: a burst begins at once, the rest one after the other", async (t) => {
  const { tls, clock, add, counts } = stage({ rate: 100 });
  add(100);
  t.equal(tls.begun.length, 10, "what the rate gives in 100 ms");
  clock.pass(500);
  t.equal(tls.begun.length, 60);
  clock.pass(1000);
  t.equal(tls.begun.length, 100);
  t.strictSame(counts, {});
});

t.test(
  "the number: who comes beyond it is closed, and room is made by those who end",
  async (t) => {
    const { tls, add, counts, failures, all } = stage({ max: 3 });
    const closed = add(5).map((socket) => socket.destroyed);
    t.strictSame(closed, [false, false, false, true, true]);
    t.strictSame(counts, { refused: 2 });
    tls.begun[0]?.({ kind: "failed", why: "bad" });
    t.equal(all.size, 2);
    add(1);
    t.strictSame(counts, { refused: 2, failed: 1 });
    t.strictSame(failures, [{ peer: "", result: "failed", why: "bad", unsaid: 0 }]);
  },
);

t.test("the time: those that wait for their turn are bounded as well", async (t) => {
  const { clock, counts, add, all, tls } = stage({ timeout: 1000, rate: 1 });
  const sockets = add(3);
  t.equal(tls.begun.length, 1);
  clock.pass(999);
  t.strictSame(counts, {});
  clock.pass(10);
  t.ok(sockets.every(({ destroyed }) => destroyed));
  t.strictSame(counts, { timeout: 3 });
  t.equal(all.size, 0);
  tls.begun[0]?.({ kind: "failed", why: "" });
  t.strictSame(counts, { timeout: 3 }, "what comes later counts for nothing");
});

t.test("a client that leaves gives up its turn", async (t) => {
  const { tls, clock, counts, add, all } = stage({ rate: 1 });
  const [, second] = add(3);
  second?.destroy();
  await new Promise((resolve) => second?.once("close", () => setImmediate(resolve)));
  t.strictSame(counts, { closed: 1 });
  clock.pass(1000);
  t.equal(tls.begun.length, 2, "the third one has its turn");
  t.equal(all.size, 2);
  all.destroy();
  clock.pass(5000);
  t.equal(tls.begun.length, 2);
});
