// Orders that end by themselves: when that is told, and when there is nothing to be told.
import { pino } from "pino";
import t from "tap";
import { Changes } from "../../src/control/changes.ts";
import { Orders, type Verb } from "../../src/control/override.ts";
import { make } from "../proxy/clusters.ts";

const [CLUSTER, ENDPOINT] = ["app", "a:1"];

function open() {
  const { cluster, clock, meter, at } = make(["a:1", "b:1"]);
  const changes = new Changes(pino({ level: "silent" }), clock);
  const orders = new Orders({
    ...{ wheel: clock.wheel, clock, meter, changes },
    find: (name, text) => (name === CLUSTER ? cluster.find(text) : undefined),
  });
  const give = (verb: Verb, forMs = Number.POSITIVE_INFINITY) =>
    orders.carryOut({ cluster: CLUSTER, endpoint: ENDPOINT, verb, forMs });
  const told = (): string[] =>
    JSON.parse(changes.print()).map(
      (each: Record<string, string>) => `${each.from} -> ${each.to} ${each.reason}`,
    );
  return { cluster, clock, meter, at, give, told };
}

t.test("a drain for a while ends, and it is told and counted", async (t) => {
  const { clock, meter, at, give, told } = open();
  t.equal(give("drain", 600_000), undefined);
  clock.pass(599_999);
  t.strictSame(told(), ["auto -> drain admin, for 600000 ms"]);
  t.equal(at(ENDPOINT).unusable(clock.now()), "draining");
  clock.pass(1);
  t.strictSame(told().slice(1), ["drain -> auto its time is over"]);
  t.equal(at(ENDPOINT).unusable(clock.now()), undefined);
  const series = meter.families.get("override_transitions_total")?.series.values().toArray();
  t.match(series, [
    { labels: { to: "drain", reason: "admin" }, instrument: { value: 1 } },
    { labels: { to: "auto", reason: "expired" }, instrument: { value: 1 } },
  ]);
});

t.test(
  "a breaker that was forced for a while moves on at its end, though nobody asks",
  async (t) => {
    const { clock, at, give, told } = open();
    give("open", 1000);
    clock.pass(1000);
    t.equal(at(ENDPOINT).breaker?.state, "half_open");
    t.strictSame(told().slice(1), ["open -> auto its time is over"]);
  },
);

t.test("an order that another one has replaced or ended has no end of its own", async (t) => {
  const { clock, give, told } = open();
  give("drain", 1000);
  give("drain", 5000);
  clock.pass(4999);
  t.equal(told().length, 2, "it goes on");
  clock.pass(1);
  t.equal(told().length, 3);
  give("close", 1000);
  give("drain", 1000);
  give("auto");
  clock.pass(5000);
  t.equal(told().at(-1), "drain -> auto admin");
});

t.test("of two orders at one endpoint each has its end", async (t) => {
  const { clock, give, told } = open();
  give("open", 1000);
  give("drain", 2000);
  clock.pass(3000);
  t.strictSame(told().slice(2), [
    "open -> drain its time is over",
    "drain -> auto its time is over",
  ]);
});

t.test("an endpoint that has left the config has taken its orders with it", async (t) => {
  const { cluster, clock, give, told } = open();
  give("drain", 1000);
  cluster.retire(() => {});
  cluster.find = () => undefined;
  clock.pass(2000);
  t.equal(told().length, 1);
});

t.test("what cannot be carried out is no event", async (t) => {
  const { cluster, give, told } = open();
  cluster.find = () => undefined;
  t.match(give("drain"), "no endpoint a:1 in a cluster app");
  t.strictSame(told(), []);
});
