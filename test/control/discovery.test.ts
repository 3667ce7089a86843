// What the names of a config stand for, while name servers answer, fail and change their minds.
import t, { type Test } from "tap";
import { Changes } from "../../src/control/changes.ts";
import { Discovery } from "../../src/control/discovery.ts";
import { createLog } from "../../src/control/log.ts";
import type { Name } from "../../src/control/name.ts";
import type { ResolverSettings } from "../../src/control/resolver.ts";
import type { Resolution } from "../../src/control/watched.ts";
import { type Place, parseAddress } from "../../src/core/address.ts";
import { Meter } from "../../src/core/meter.ts";
import { HandClock } from "../http1/endpoint.ts";
import { Bell } from "../support/bell.ts";
import { configOf } from "./config/sample.ts";

/** What a name is answered with: addresses, with a weight where it is not the usual one, or an error. */
type Said = readonly string[] | Error;

/** A config whose clusters have these endpoints; `dns` on its first line. */
function config(clusters: Readonly<Record<string, string>>, dns = "{}") {
  const all = Object.entries(clusters).map(([name, members]) => `{ name: ${name}, ${members} }`);
  const listener = "{ name: in, bind: 127.0.0.1:80, routes: [{ cluster: app }] }";
  return configOf(`dns: ${dns}\nlisteners: [${listener}]\nclusters: [${all.join(", ")}]\n`);
}

function placeOf(text: string, name: Name): Place {
  const [at = "", weight = "100"] = text.split(" ");
  const address = parseAddress(at);
  if (address === undefined) throw new Error(`no address: ${at}`);
  return { address, weight: Number(weight), name: { text: name.text, authority: name.text } };
}

function stage(t: Test) {
  const clock = new HandClock();
  const meter = new Meter();
  const bell = new Bell();
  const zone = new Map<string, Said>();
  const asked: string[] = [];
  const made: ResolverSettings[] = [];
  let moves = 0;
  let closed = 0;
  let ttlMs: number | undefined;
  const log = createLog("info", { write: () => {} });
  const changes = new Changes(log, clock);
  const discovery = new Discovery({
    ...{ clock, wheel: clock.wheel, meter, log, changes },
    random: { next: () => 0, id: () => "" },
    moved: () => {
      moves++;
    },
    resolver: async (settings) => {
      made.push(settings);
      return {
        async resolve(name): Promise<Resolution> {
          asked.push(name.text);
          bell.ring();
          const said = zone.get(name.text) ?? new Error("there is no such name");
          if (said instanceof Error) throw said;
          return { places: said.map((text) => placeOf(text, name)), ttlMs };
        },
        close: () => {
          closed++;
          bell.ring();
        },
      };
    },
  });
  t.teardown(() => discovery.stop());
  const use = async (next: ReturnType<typeof config>) => (await discovery.prepare(next)).commit();
  /** Lets `ms` pass, in which so many questions are due, and waits for what comes of them. */
  const pass = async (ms: number, questions: number) => {
    const before = asked.length;
    for (let left = ms; left > 0; left -= 100) {
      clock.pass(Math.min(100, left));
      await new Promise(setImmediate);
    }
    t.equal(asked.length - before, questions, `${questions} questions in ${ms} ms`);
  };
  const events = (): string[] => {
    const all: Record<string, string>[] = JSON.parse(changes.print());
    return all.map((each) => `${each.cluster} ${each.endpoint} ${each.to}: ${each.reason}`);
  };
  return {
    ...{ discovery, zone, asked, made, meter, bell, use, pass, events },
    closed: () => closed,
    moves: () => moves,
    ttl: (ms: number | undefined) => {
      ttlMs = ms;
    },
  };
}

type Stage = ReturnType<typeof stage>;

/** Where the endpoints of a cluster are, and its backups after a bar; each with its weight if not 100. */
function places({ discovery }: Stage, all: ReturnType<typeof config>, name = "app"): string {
  const cluster = discovery.locate(all).find((each) => each.name === name);
  if (cluster === undefined) throw new Error(`no cluster: ${name}`);
  const { endpoints, backups } = cluster;
  const print = ({ address, weight }: Place): string =>
    weight === 100 ? address.text : `${address.text}*${weight}`;
  return `${endpoints.map(print).join(" ")} | ${backups.map(print).join(" ")}`;
}

t.test("names become their addresses, among those that are addresses already", async (t) => {
  const it = stage(t);
  it.zone.set("a:1", ["10.0.0.2:1", "10.0.0.1:1"]).set("srv:b", ["10.0.0.3:2 40"]);
  const all = config({
    app: "endpoints: [127.0.0.1:1, a:1], backups: [{ address: srv:b, weight: 50 }]",
    other: "endpoints: [unix:/run/x]",
  });
  await it.use(all);
  t.equal(places(it, all), "127.0.0.1:1 10.0.0.1:1 10.0.0.2:1 | 10.0.0.3:2*20");
  t.equal(places(it, all, "other"), "unix:/run/x | ");
  t.equal(it.moves(), 2);
  t.strictSame(it.asked, ["a:1", "srv:b"]);
});

t.test("who has no names loads nothing and asks nothing", async (t) => {
  const it = stage(t);
  await it.use(config({ app: "endpoints: [127.0.0.1:1, localhost:1, unix:/run/x]" }));
  await it.pass(60_000, 0);
  t.strictSame(it.made, []);
});

t.test("a name of two clusters is asked for once, and tells both", async (t) => {
  const it = stage(t);
  it.zone.set("a:1", ["10.0.0.1:1"]);
  await it.use(config({ app: "endpoints: [a:1]", other: "endpoints: [a:1], backups: [a:1]" }));
  t.strictSame(it.asked, ["a:1"]);
  t.strictSame(it.events(), [
    "app 10.0.0.1:1 present: an address of a:1",
    "other 10.0.0.1:1 present: an address of a:1",
  ]);
});

t.test(
  "it is asked again when its answer is old, and tells of nothing that is as it was",
  async (t) => {
    const it = stage(t);
    const all = config({ app: "endpoints: [a:1]" }, "{ refresh: { min: 1s, max: 10s } }");
    it.zone.set("a:1", ["10.0.0.1:1", "10.0.0.2:1"]);
    await it.use(all);
    await it.pass(9900, 0);
    it.zone.set("a:1", ["10.0.0.2:1", "10.0.0.1:1"]);
    it.ttl(3000);
    await it.pass(100, 1);
    it.ttl(0);
    await it.pass(2900, 0);
    await it.pass(100, 1);
    await it.pass(5000, 5);
    t.equal(it.moves(), 1, "another order is no change");
    it.zone.set("a:1", ["10.0.0.2:1", "10.0.0.3:1"]);
    await it.pass(1000, 1);
    t.equal(places(it, all), "10.0.0.2:1 10.0.0.3:1 | ");
    t.strictSame(it.events(), [
      "app 10.0.0.1:1 present: an address of a:1",
      "app 10.0.0.2:1 present: an address of a:1",
      "app 10.0.0.3:1 present: an address of a:1",
      "app 10.0.0.1:1 absent: no address of a:1 any more",
    ]);
  },
);

t.test("without an answer the last one holds, and the next question waits longer", async (t) => {
  const it = stage(t);
  const all = config({ app: "endpoints: [a:1]" });
  it.zone.set("a:1", ["10.0.0.1:1"]);
  await it.use(all);
  it.zone.set("a:1", new Error("the name server failed"));
  await it.pass(10_000, 1);
  for (const seconds of [1, 2, 4, 8, 16, 30, 30]) {
    await it.pass(seconds * 1000 - 100, 0);
    await it.pass(100, 1);
  }
  t.equal(places(it, all), "10.0.0.1:1 | ");
  t.match(it.discovery.states("app"), [
    { name: "a:1", addresses: 1, resolved: /^1970-/, problem: "the name server failed" },
  ]);
  const series = it.meter.families.get("name_resolutions_total")?.series.values().toArray();
  t.match(series, [
    { labels: { name: "a:1", result: "ok" }, instrument: { value: 1 } },
    { labels: { name: "a:1", result: "failed" }, instrument: { value: 8 } },
  ]);
  it.zone.set("a:1", ["10.0.0.1:1"]);
  await it.pass(30_000, 1);
  await it.pass(10_000, 1);
  t.strictSame(it.events(), [
    "app 10.0.0.1:1 present: an address of a:1",
    "app a:1 failing: the name server failed; its last addresses are kept",
    "app a:1 resolved: answered",
  ]);
  t.equal(it.moves(), 1);
});

t.test("a name that is not known at the start is waited for", async (t) => {
  const it = stage(t);
  const all = config({ app: "endpoints: [a:1]" });
  await it.use(all);
  t.equal(places(it, all), " | ");
  t.equal(it.discovery.lack("app"), "a:1: there is no such name");
  it.zone.set("a:1", ["10.0.0.1:1"]);
  await it.pass(1000, 1);
  t.equal(places(it, all), "10.0.0.1:1 | ");
  t.equal(it.discovery.lack("app"), undefined);
  t.strictSame(it.events(), [
    "app a:1 failing: there is no such name; it has no address yet",
    "app a:1 resolved: answered",
    "app 10.0.0.1:1 present: an address of a:1",
  ]);
});

t.test("a reload asks for new names only, and forgets those that are gone", async (t) => {
  const it = stage(t);
  it.zone.set("a:1", ["10.0.0.1:1"]).set("b:1", ["10.0.0.2:1"]).set("c:1", ["10.0.0.3:1"]);
  await it.use(config({ app: "endpoints: [a:1, b:1]" }));
  const next = config({ app: "endpoints: [b:1, c:1]" });
  await it.use(next);
  t.strictSame(it.asked, ["a:1", "b:1", "c:1"]);
  t.equal(places(it, next), "10.0.0.2:1 10.0.0.3:1 | ");
  const names = it.meter.families.get("name_resolutions_total")?.series.values();
  t.strictSame(names?.map(({ labels }) => labels.name).toArray(), ["b:1", "c:1"]);
  await it.pass(10_000, 2);
});

t.test("a reload that comes to nothing leaves everything as it was", async (t) => {
  const it = stage(t);
  const all = config({ app: "endpoints: [a:1]" });
  it.zone.set("a:1", ["10.0.0.1:1"]).set("c:1", ["10.0.0.3:1"]);
  await it.use(all);
  (await it.discovery.prepare(config({ app: "endpoints: [c:1]" }))).undo();
  t.equal(places(it, all), "10.0.0.1:1 | ");
  await it.pass(10_000, 1);
  t.equal(it.asked.at(-1), "a:1");
});

t.test(
  "other name servers are asked at once, for every name, and the old ones no more",
  async (t) => {
    const it = stage(t);
    it.zone.set("a:1", ["10.0.0.1:1"]);
    await it.use(config({ app: "endpoints: [a:1]" }));
    await it.use(config({ app: "endpoints: [a:1]" }, "{ nameservers: [10.0.0.53] }"));
    t.strictSame(
      it.made.map(({ nameservers }) => nameservers),
      [[], ["10.0.0.53"]],
    );
    t.strictSame(it.asked, ["a:1", "a:1"]);
    await it.bell.until(() => it.closed() === 1);
  },
);

t.test("of a name with very many addresses a thousand are used", async (t) => {
  const it = stage(t);
  const all = config({ app: "endpoints: [a:1]" });
  const many = Array.from({ length: 1200 }, (_, n) => `10.0.${Math.floor(n / 250)}.${n % 250}:1`);
  it.zone.set("a:1", many);
  await it.use(all);
  t.equal(places(it, all).split(" ").length, 1002);
});
