// grpc.health.v1, as the sidecar serves it.
import { connect as connectTo } from "node:net";
import t, { type Test } from "tap";
import { type HealthSource, startHealth } from "../../src/control/health.ts";
import { decodeStatus, encodeRequest } from "../../src/control/healthproto.ts";
import { probeGrpc } from "../../src/control/probegrpc.ts";
import { tcpAddress } from "../../src/core/address.ts";
import { Bell } from "../support/bell.ts";
import { CALL } from "../support/grpc.ts";
import { Http2Client } from "../support/http2.ts";

const bind = tcpAddress("127.0.0.1", 0);
const CHECK = "/grpc.health.v1.Health/Check";
const WATCH = "/grpc.health.v1.Health/Watch";

async function open(t: Test) {
  const state = { ready: true, started: true };
  const source: HealthSource = {
    ready: () => ({ ok: state.ready, why: "" }),
    started: () => state.started,
    metrics: async () => "",
    contentType: "text/plain",
  };
  const beats = new Set<() => void>();
  const server = await startHealth({
    ...{ bind, source, onError: (error: unknown) => t.fail(String(error)) },
    every: (_, run) => {
      beats.add(run);
      return () => void beats.delete(run);
    },
  });
  const client = await Http2Client.connect(server.address);
  t.teardown(async () => {
    await client.close();
    await server.close();
  });
  const beat = () => {
    for (const run of beats) run();
  };
  return { state, address: server.address, client, beat, beats };
}

/** What Check says of `service`. */
async function check(client: Http2Client, service: string) {
  const told = await client.ask(CHECK, { fields: CALL, body: encodeRequest(service) });
  const status = told.trailers["grpc-status"] ?? told.fields["grpc-status"];
  return { status, said: decodeStatus(told.body) };
}

t.test("Check says what the pages say", async (t) => {
  const { state, client } = await open(t);
  for (const service of ["", "readyz", "livez", "startupz"]) {
    t.same(await check(client, service), { status: "0", said: "SERVING" });
  }
  Object.assign(state, { ready: false, started: false });
  for (const service of ["", "readyz", "startupz"]) {
    t.same(await check(client, service), { status: "0", said: "NOT_SERVING" });
  }
  t.same(await check(client, "livez"), { status: "0", said: "SERVING" });
  t.match(await check(client, "else"), { status: "5" }, "NOT_FOUND");
});

t.test("our own probe, which knows the protocol from the other side, agrees", async (t) => {
  const { state, address } = await open(t);
  const probe = () => probeGrpc({ kind: "grpc", service: "" }, address, AbortSignal.timeout(5000));
  t.match(await probe(), { passed: true, reason: "SERVING" });
  state.ready = false;
  t.match(await probe(), { passed: false, reason: "NOT_SERVING" });
});

t.test("Watch tells at once, and then every change", async (t) => {
  const { state, client, beat, beats } = await open(t);
  const stream = client.open(WATCH, { ":method": "POST", ...CALL });
  const bell = new Bell();
  const said: unknown[] = [];
  stream.on("data", (piece: Buffer) => {
    said.push(decodeStatus(piece));
    bell.ring();
  });
  stream.end(encodeRequest(""));
  await bell.until(() => said.length === 1);
  beat();
  state.ready = false;
  beat();
  await bell.until(() => said.length === 2);
  state.ready = true;
  beat();
  await bell.until(() => said.length === 3);
  t.same(said, ["SERVING", "NOT_SERVING", "SERVING"]);
  stream.close(8);
  await new Promise((done) => stream.once("close", done));
  await check(client, "");
  t.equal(beats.size, 0, "nobody watches any more");
});

t.test("Watch of what there is not goes on, as the protocol wants it", async (t) => {
  const { client } = await open(t);
  const stream = client.open(WATCH, { ":method": "POST", ...CALL });
  const first = new Promise<Buffer>((done) => stream.once("data", done));
  stream.end(encodeRequest("else"));
  t.equal(decodeStatus(await first), "SERVICE_UNKNOWN");
  t.equal(stream.closed, false);
  stream.close(8);
});

t.test("what is no such call is refused", async (t) => {
  const { client } = await open(t);
  const other = await client.ask("/a.B/C", { fields: CALL, body: encodeRequest("") });
  t.match(other, { status: 200, fields: { "grpc-status": "12" } });
  t.match(await client.ask(CHECK, { body: "x" }), { status: 415 });
  t.match(await client.ask("/livez"), { status: 415 });
  for (const body of ["x", Buffer.from([1, 0, 0, 0, 0]), Buffer.alloc(2000)]) {
    t.match(await client.ask(CHECK, { fields: CALL, body }), { fields: { "grpc-status": "3" } });
  }
});

t.test("both protocols on one port, however little comes at a time", async (t) => {
  const { address } = await open(t);
  if (address.kind !== "tcp") throw new Error("a port is wanted");
  const ask = async (text: string, wanted: string): Promise<void> => {
    const socket = connectTo({ ...address }).setNoDelay(true);
    const bell = new Bell();
    let got = "";
    socket.on("data", (piece) => {
      got += piece.toString("latin1");
      bell.ring();
    });
    for (const byte of text) await new Promise((done) => socket.write(byte, done));
    await bell.until(() => got.includes(wanted));
    socket.destroy();
    t.pass(wanted);
  };
  await ask("GET /livez HTTP/1.1\r\nHost: a\r\n\r\n", "200 OK");
  await ask("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "\x04\x01\0\0\0\0");
  await ask("PRI * HTTP/1.1\r\nHost: a\r\n\r\n", "HTTP/1.1 4");
});
