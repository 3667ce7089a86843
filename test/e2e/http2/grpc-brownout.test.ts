// A service that stops answering while hundreds of calls a second come, each with a short deadline: every one is
// cancelled. That looks like a flood of resets, and is none. GRPC_SECONDS=30 asks for a thousand a second, so long.
import t from "tap";
import { scrape } from "../../support/scrape.ts";
import { settings } from "../../support/settings.ts";
import { addressOf, startHere } from "../../support/sidecar.ts";
import { CallClient, CallService } from "./calls.ts";
import { CallStorm } from "./callstorm.ts";

const FULL = process.env.GRPC_SECONDS;
const SECONDS = Number(FULL ?? 3);
const PER_SECOND = FULL === undefined ? 300 : 1000;
const DEADLINE_MS = 50;
const TOTAL = SECONDS * PER_SECOND;
const WIDTH = (PER_SECOND * DEADLINE_MS) / 1000;
const PATIENCE_MS = 120_000;

t.setTimeout(PATIENCE_MS);

t.test("a brown-out cuts no connection, and is over when the service is well", async (t) => {
  const service = await CallService.start();
  const probed = { healthCheck: { grpc: {} }, breaker: {} };
  const text = settings(service.address, { cluster: probed, trust: ["127.0.0.0/8"] });
  const sidecar = await startHere(text);
  const health = addressOf(sidecar, "health");
  const storm = new CallStorm(addressOf(sidecar), DEADLINE_MS);
  const client = new CallClient(addressOf(sidecar));
  t.teardown(async () => {
    storm.close();
    client.close();
    await sidecar.close();
    service.close();
  });
  t.match(await client.unary({}), { code: 0 });
  service.stuck = true;
  await storm.blow(TOTAL, WIDTH);
  t.comment(JSON.stringify({ ends: storm.ends, reached: service.calls }));
  t.same(storm.cut, [], "the connection is as it was");
  t.equal(storm.over, TOTAL);
  t.equal(await scrape(health, "downstream_floods_total"), 0);
  while ((await scrape(health, "concurrency_in_flight")) !== 0);
  service.stuck = false;
  for (let i = 0; i < 20; i++) t.match(await client.unary({}), { code: 0 }, `call ${i} after it`);
});
