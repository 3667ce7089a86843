// A bug in the path of one request: fault D27. Its client learns that no answer comes, and nobody else notices.
import t from "tap";
import { Hedges } from "../../src/proxy/hedges.ts";
import { RawClient } from "../support/client.ts";
import { fire, get } from "../support/load.ts";
import { settings } from "../support/settings.ts";
import { addressOf, startHere } from "../support/sidecar.ts";
import { Upstream } from "../support/upstream.ts";
import { HOLD, Pair } from "./pair.ts";

t.test("a throw before there is anything to answer with cuts this client alone", async (t) => {
  const upstream = await Upstream.listen();
  let broken = true;
  const id = (): string => {
    if (broken) throw new Error("bug");
    return "id";
  };
  const config = settings(upstream.address);
  const sidecar = await startHere(config, { random: { next: () => 0, id } });
  const connect = (): Promise<RawClient> => RawClient.connect(addressOf(sidecar));
  const [first, second] = [await connect(), await connect()];
  t.teardown(() => Promise.all([second.close(), sidecar.close(), upstream.close()]));
  first.write(get(0)[1]);
  await first.over();
  t.equal(first.received.length, 0);
  broken = false;
  t.equal((await fire(second, 0, get(0))).status, 200);
});

t.test(
  "a throw at the answer to a second try, while the first one waits, is no stray rejection",
  async (t) => {
    const pair = await Pair.open(HOLD, { retry: { hedge: { delay: "20ms" } } });
    const { isGood } = Hedges.prototype;
    t.teardown(() => {
      Hedges.prototype.isGood = isGood;
    });
    Hedges.prototype.isGood = () => {
      throw new Error("bug");
    };
    const shot = await pair.fire();
    t.equal(shot.response, undefined);
    t.same(pair.arrived, [1, 1]);
    await pair.metricIs("concurrency_in_flight", 0);
  },
);
