// What the policies of admission make of a crowd together, with a limit that is right. Seeded: the same
// figures at each run.
import t from "tap";
import { Crowd } from "./crowds.ts";

const WORLD = { workers: 16, serviceMs: 10, seconds: 12, from: 2 };
/** Requests a second that the service can do. */
const CAPACITY = 1600;
/** Of those at half load: exponential times with a mean of 10 ms. */
const P99_MS = 46;

t.test("at 80 % nobody is refused", async (t) => {
  const crowd = new Crowd({ ...WORLD, seconds: 60 }, [{ name: "all", rate: 0.8 * CAPACITY }]);
  t.strictSame(crowd.fate("all").refused, {});
});

t.test("at twice to fifty times its capacity the service is kept busy, and quick", async (t) => {
  for (const callers of [1, 1000]) {
    for (const times of [2, 10, 50]) {
      const seconds = times === 50 ? 5 : WORLD.seconds;
      const flow = { name: "all", rate: times * CAPACITY, callers };
      const crowd = new Crowd({ ...WORLD, seconds }, [flow]);
      const what = `${times} times, ${callers} callers`;
      t.ok(crowd.goodput("all") > 0.97, `${what}: goodput ${crowd.goodput("all")}`);
      const p99 = crowd.percentile("all", 0.99);
      t.ok(p99 < 1.5 * P99_MS, `${what}: p99 ${p99} ms`);
      t.ok(crowd.mostInFlight <= 16);
    }
  }
});

t.test("critical requests are answered inside ten times as many sheddable ones", async (t) => {
  const crowd = new Crowd(WORLD, [
    { name: "critical", rank: 1, rate: 0.8 * CAPACITY, callers: 1000 },
    { name: "sheddable", rank: 3, rate: 10 * CAPACITY, callers: 1000 },
  ]);
  t.strictSame(crowd.fate("critical").refused, {});
  t.ok(crowd.goodput("critical", "sheddable") > 0.97);
  const { shed_priority = 0, queue_timeout = 0 } = crowd.fate("sheddable").refused;
  t.ok(shed_priority > 5 * queue_timeout, "most of the others are told so on arrival");
});

t.test("one caller's flood does not take the slots of the others", async (t) => {
  const crowd = new Crowd({ ...WORLD, settings: { fair: true } }, [
    { name: "others", rate: 0.3 * CAPACITY, callers: 10 },
    { name: "heavy", rate: 10 * CAPACITY },
  ]);
  t.ok(crowd.share("others") > 0.97, `${crowd.share("others")}`);
  t.equal(crowd.fate("others").refused.shed_fairness, undefined);
  t.ok((crowd.fate("heavy").refused.shed_fairness ?? 0) > 0.8 * crowd.fate("heavy").asked);
  t.ok(crowd.goodput("others", "heavy") > 0.97);
});

t.test("under steady overload the same callers are served well", async (t) => {
  const crowd = new Crowd(WORLD, [{ name: "all", rate: 2 * CAPACITY, callers: 100 }]);
  const shares = Array.from({ length: 100 }, (_, caller) => crowd.share("all", caller));
  t.ok(shares.filter((share) => share > 0.9).length > 25, "of half that could be");
  t.ok(shares.filter((share) => share < 0.1).length > 10);
});

t.test("retries are shed before first tries of the same class", async (t) => {
  const crowds = [1, 2, 3].map(
    (seed) =>
      new Crowd({ ...WORLD, seed }, [
        { name: "first", rate: 0.8 * CAPACITY, callers: 1000 },
        { name: "again", rate: 2 * CAPACITY, callers: 1000, retry: true },
      ]),
  );
  const shares = crowds.map((crowd) => crowd.share("first"));
  // One in fifty finds more of its kind before it than it has time to wait for.
  const mean = shares.reduce((sum, share) => sum + share) / shares.length;
  t.ok(mean > 0.979, `${shares}`);
  for (const crowd of crowds) t.ok(crowd.goodput("first", "again") > 0.97);
});

t.test("what arrives too late for its client is not begun", async (t) => {
  const crowd = new Crowd({ ...WORLD, constant: true }, [
    { name: "all", rate: 3 * CAPACITY, timeoutMs: 15, callers: 100 },
  ]);
  t.ok(crowd.goodput("all") > 0.95, `${crowd.goodput("all")}`);
});

t.test("a route that becomes slow does not take all slots", async (t) => {
  const crowd = new Crowd(
    {
      ...WORLD,
      slow: ({ name }, now) => (name === "slow" && now > 4000 ? 50 : 1),
      from: 5,
    },
    [
      { name: "slow", route: "slow", rate: 0.3 * CAPACITY },
      { name: "well", route: "well", rate: 0.3 * CAPACITY },
    ],
  );
  t.ok(crowd.share("well") > 0.99, `${crowd.share("well")}`);
  t.ok(crowd.share("slow") > 0, "and it has some");
});

t.test("a service that stops and goes on is served as before", async (t) => {
  const crowd = new Crowd(
    {
      ...WORLD,
      from: 6,
      constant: true,
      slow: (_flow, now) => (now > 3000 && now < 4000 ? 100 : 1),
    },
    [{ name: "all", rate: 2 * CAPACITY, callers: 100 }],
  );
  t.ok(crowd.goodput("all") > 0.97, `${crowd.goodput("all")}`);
});

t.test("report mode refuses nothing, and tells of as many as would be refused", async (t) => {
  for (const times of [0.8, 1.5, 4]) {
    const flow = { name: "all", rate: times * CAPACITY, callers: 100 };
    const told = new Crowd({ ...WORLD, from: 0, settings: { mode: "report" } }, [flow]);
    t.strictSame(told.fate("all").refused, {});
    const enforced = new Crowd({ ...WORLD, from: 0 }, [flow]).fate("all");
    const shares = [told.wouldRefuse, enforced.refused].map(
      (counts) => Object.values(counts).reduce((sum, each) => sum + each, 0) / enforced.asked,
    );
    const [would = 0, did = 0] = shares;
    t.ok(Math.abs(would - did) < 0.03, `${times} times: ${would}, and ${did} were`);
  }
});
