// Streams that are given up at every stage leave nothing behind. `npm run bench -- streams` has 100,000 of them.
import t from "tap";
import { STAGES } from "./stages.ts";
import { StageStorm } from "./stagestorm.ts";

const WARM_UP = 1400;
const MANY = 4200;
/** An exchange that was kept would be some thousands; what has been compiled since is less. */
const BYTES_EACH = 200;
const CANCEL = 8;

t.test("streams that end at every stage leave nothing behind", async (t) => {
  const storm = await StageStorm.start();
  const [client] = storm.clients;
  for (const [name, { until }] of Object.entries(STAGES)) {
    const code = await client?.end(name);
    if (until !== undefined) t.equal(code, CANCEL, name);
    else t.type(code, "number", `${name}: ${code}`);
  }
  const before = await storm.blow(WARM_UP);
  const after = await storm.blow(MANY);
  t.same(storm.cut, []);
  t.ok(storm.over >= WARM_UP + MANY, `${storm.over} streams`);
  const growth = (after.heap - before.heap) / MANY;
  t.ok(growth < BYTES_EACH, `${growth.toFixed(1)} bytes of heap for each stream`);
  const outside = (after.external - before.external) / MANY;
  t.ok(outside < BYTES_EACH, `${outside.toFixed(1)} bytes outside it`);
  t.match(await storm.open(), { sessions: 1, streams: 0, waiting: 0 });
  t.equal(await storm.daemon.metric("queue_depth"), 0);
  t.equal(await storm.daemon.metric("downstream_floods_total"), 0);
  t.ok(await storm.whole(), "more than a window goes through each connection, both ways");
  await storm.stop();
});
