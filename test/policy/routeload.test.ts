import t from "tap";
import { RouteLoad, RouteLoads } from "../../src/policy/routeload.ts";

/** Two routes with half of the slots each, and answers that take 10 ms; then what one of them takes changes. */
function pair(limit = 16) {
  const [slow, well] = [new RouteLoad(), new RouteLoad()];
  const loads = new RouteLoads();
  loads.add(slow);
  loads.add(well);
  for (const route of [slow, well]) for (let i = 0; i < limit / 2; i++) route.begins(0);
  let now = 0;
  /** So many windows of 50 ms, in each of which ten of each route end and ten begin. */
  const pass = (windows: number, slowMs: number, wellMs: number, pressed: boolean): void => {
    for (let window = 0; window < windows; window++) {
      now += 50;
      for (const [route, ms] of [
        [slow, slowMs],
        [well, wellMs],
      ] as const) {
        for (let i = 0; i < 10; i++) {
          route.ends(now, ms);
          route.begins(now);
        }
      }
      loads.judge(now, { sinceMs: 50, inFlight: limit, limit, pressed });
    }
  };
  pass(40, 10, 10, true);
  return { slow, well, pass, loads };
}

t.test("a route that is far slower than it was is capped while others wait", async (t) => {
  const { slow, well, pass } = pair();
  t.equal(slow.cap, Number.POSITIVE_INFINITY);
  pass(20, 100, 10, false);
  t.equal(slow.cap, Number.POSITIVE_INFINITY, "but not when nobody waits");
  pass(1, 100, 10, true);
  t.ok(slow.cap <= 8, `${slow.cap} of 16`);
  t.ok(slow.cap >= 1);
  t.equal(well.cap, Number.POSITIVE_INFINITY);
  pass(100, 100, 10, false);
  t.ok(slow.cap <= 8, "for as long as it is slow");
  pass(20, 10, 10, true);
  t.equal(slow.cap, Number.POSITIVE_INFINITY);
});

t.test("a route that gives no answer at all is slow", async (t) => {
  const [stuck, well] = [new RouteLoad(), new RouteLoad()];
  const loads = new RouteLoads();
  for (const route of [stuck, well]) {
    loads.add(route);
    for (let i = 0; i < 20; i++) {
      route.begins(i);
      route.ends(i, 10);
    }
  }
  const judge = (now: number): void =>
    loads.judge(now, { sinceMs: 50, inFlight: 2, limit: 10, pressed: true });
  judge(50);
  stuck.begins(60);
  judge(70);
  t.equal(stuck.cap, Number.POSITIVE_INFINITY);
  judge(100);
  t.ok(stuck.cap <= 5, `${stuck.cap}`);
});

t.test("a service that is slow altogether has no route that is capped", async (t) => {
  const { slow, well, pass } = pair();
  pass(50, 100, 100, true);
  t.equal(slow.cap, Number.POSITIVE_INFINITY);
  t.equal(well.cap, Number.POSITIVE_INFINITY);
});

t.test("a lone route is never capped", async (t) => {
  const only = new RouteLoad();
  const loads = new RouteLoads();
  loads.add(only);
  for (const ms of [10, 1000]) {
    for (let i = 0; i < 100; i++) {
      only.begins(i);
      only.ends(i, ms);
    }
    loads.judge(100, { sinceMs: 50, inFlight: 1, limit: 16, pressed: true });
    t.equal(only.cap, Number.POSITIVE_INFINITY);
  }
});

t.test("the usual time of an answer is known after twenty, until nobody confirms it", async (t) => {
  const route = new RouteLoad();
  for (let i = 0; i < 20; i++) {
    t.equal(route.usual(i), undefined);
    route.begins(i);
    route.ends(i, 100);
  }
  t.ok(Math.abs((route.usual(20) ?? 0) - 100) < 1);
  t.equal(route.usual(1020), undefined);
  route.begins(1020);
  route.ends(1020, undefined);
  t.equal(route.usual(1020), undefined, "what ends without an answer confirms nothing");
});

t.test("the usual time is the median, and follows it", async (t) => {
  const route = new RouteLoad();
  const ends = (ms: number): void => {
    route.begins(0);
    route.ends(0, ms);
  };
  // Nine of ten take 5 ms, the tenth 100: the mean would be 14.
  for (let i = 0; i < 200; i++) ends(i % 10 === 9 ? 100 : 5);
  t.ok((route.usual(0) ?? 0) < 6, `${route.usual(0)}`);
  for (let i = 0; i < 60; i++) ends(50);
  t.ok(Math.abs((route.usual(0) ?? 0) - 50) < 5, `${route.usual(0)}`);
});
