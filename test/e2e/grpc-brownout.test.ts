// A service that stops answering while hundreds of calls a second come, each with a short deadline: every one is
// cancelled. That looks like a flood of resets, and is none. GRPC_SECONDS=30 asks for a thousand a second, so long.
import { type ClientHttp2Session, connect } from "node:http2";
import t from "tap";
import type { Address } from "../../src/core/address.ts";
import { CALL } from "../support/grpc.ts";
import { scrape } from "../support/scrape.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { CallClient, CallService, encode, PACKAGE } from "./calls.ts";

const FULL = process.env.GRPC_SECONDS;
const SECONDS = Number(FULL ?? 3);
const PER_SECOND = FULL === undefined ? 300 : 1000;
const DEADLINE_MS = 50;
const BEAT_MS = 10;
const CANCEL = 8;

/** One connection of a client that gives each call up at its deadline, and hears of GOAWAY. */
class Caller {
  /** What ended the connection, or wants to. */
  readonly cut: string[] = [];
  begun = 0;
  over = 0;
  /** By grpc-status; those that the client cancelled are under `cancelled`. */
  readonly ends: Record<string, number> = {};
  readonly #session: ClientHttp2Session;

  constructor({ text }: Address) {
    this.#session = connect(`http://${text}`);
    for (const event of ["goaway", "close", "error"]) {
      this.#session.on(event, () => this.cut.push(event));
    }
  }

  call(): void {
    const fields = { ...CALL, ":method": "POST", ":path": `${PACKAGE}Unary` };
    const body = encode({ sleeps: true });
    const prefix = Buffer.from([0, 0, 0, 0, body.length]);
    const stream = this.#session.request({ ...fields, "grpc-timeout": `${DEADLINE_MS}m` });
    let end = "cancelled";
    const timer = setTimeout(() => stream.close(CANCEL), DEADLINE_MS);
    this.begun++;
    stream.on("response", (head) => {
      end = String(head["grpc-status"] ?? end);
    });
    stream.on("error", () => {});
    stream.on("close", () => {
      clearTimeout(timer);
      this.over++;
      this.ends[end] = (this.ends[end] ?? 0) + 1;
    });
    stream.resume();
    stream.end(Buffer.concat([prefix, body]));
  }

  close(): void {
    this.cut.length = 0;
    this.#session.destroy();
  }
}

/** So many calls a second, for so long; resolves when the last one is over. */
function storm(caller: Caller): Promise<void> {
  const total = SECONDS * PER_SECOND;
  const begun = performance.now();
  return new Promise((done) => {
    const timer = setInterval(() => {
      const due = Math.min(total, ((performance.now() - begun) * PER_SECOND) / 1000);
      while (caller.begun < due && caller.cut.length === 0) caller.call();
      if (caller.cut.length === 0 && (caller.begun < total || caller.over < total)) return;
      clearInterval(timer);
      done();
    }, BEAT_MS);
  });
}

t.test("a brown-out cuts no connection, and is over when the service is well", async (t) => {
  const service = await CallService.start();
  const probed = { healthCheck: { grpc: {} }, breaker: {} };
  const text = settings(service.address, { cluster: probed, trust: ["127.0.0.0/8"] });
  const sidecar = await startHere(text);
  const health = addressOf(sidecar, "health");
  const caller = new Caller(addressOf(sidecar));
  const client = new CallClient(addressOf(sidecar));
  t.teardown(async () => {
    caller.close();
    client.close();
    await sidecar.close();
    service.close();
  });
  t.match(await client.unary({}), { code: 0 });
  service.stuck = true;
  await storm(caller);
  t.comment(JSON.stringify({ ends: caller.ends, reached: service.calls }));
  t.same(caller.cut, [], "the connection is as it was");
  t.equal(caller.over, SECONDS * PER_SECOND);
  t.equal(await scrape(health, "downstream_floods_total"), 0);
  while ((await scrape(health, "concurrency_in_flight")) !== 0);
  service.stuck = false;
  for (let i = 0; i < 20; i++) t.match(await client.unary({}), { code: 0 }, `call ${i} after it`);
});
