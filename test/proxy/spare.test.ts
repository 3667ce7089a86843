// What backups do beside primaries, when those are fewer than they should be.
import t from "tap";
import { NO_ADVICE } from "../../src/policy/advice.ts";
import type { Visit } from "../../src/proxy/draw.ts";
import { spare } from "../../src/proxy/spare.ts";
import { make } from "./clusters.ts";

t.test(
  "beside primaries some of which are out of use backups have room, up to every cap",
  async (t) => {
    const { cluster, clock, at, find, fail } = make(["a:1", "b:1"], ["x:1", "y:1"], 15);
    const room = (sent = 0) => spare(cluster, cluster.backupConcurrency, sent, clock.now());
    t.equal(room(), 0, "all primaries are well: nothing is sick");
    find("a:1", "unhealthy");
    t.equal(room(), 15, "backupConcurrency; pool.max would be twice 10");
    t.equal(room(4), 11, "what was sent counts, begun or not");
    for (let n = 0; n < 4; n++) at("x:1").enter(clock.now());
    t.equal(room(4), 11);
    find("x:1", "healthy", { advice: { ...NO_ADVICE, maxConcurrency: 6 } });
    t.equal(room(4), 11, "2 and 10");
    find("y:1", "healthy", { advice: { ...NO_ADVICE, maxConcurrency: 1 } });
    t.equal(room(4), 3);
    find("y:1", "unhealthy");
    t.equal(room(4), 2);
    for (let n = 0; n < 2; n++) fail("x:1");
    t.equal(room(4), 0, "its breaker is open");
    clock.pass(60_000);
    find("a:1", "healthy");
    find("y:1", "healthy");
    t.ok(room() > 0, "a is only just back");
    clock.pass(10_000);
    t.equal(room(), 0, "a is wholly back");
    for (const each of ["a:1", "b:1"]) find(each, "unhealthy");
    t.equal(room(), 0, "no primary is left: backups have their limit then");
  },
);

t.test(
  "a request that spills goes to a backup, and to a primary where no backup may be asked",
  async (t) => {
    const { cluster, clock, meter, find } = make(["a:1", "b:1"], ["x:1"]);
    const visit: Visit = { visited: [], spills: true, left: undefined };
    t.equal(cluster.pick(visit, clock.now())?.address.text, "x:1");
    t.equal(visit.left, "full");
    t.equal(cluster.tier, "primaries");
    const series = meter.families.get("fallbacks_total")?.series.values().toArray();
    t.match(series, [{ labels: { tier: "backup", reason: "full" }, instrument: { value: 1 } }]);
    find("x:1", "unhealthy");
    t.equal(cluster.pick(visit, clock.now())?.address.text, "a:1");
    t.equal(visit.left, undefined);
  },
);
