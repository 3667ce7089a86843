// Who may keep a breaker from doing what its endpoint's calls ask for: its cluster, and operators.
import t from "tap";
import { NO_GRANT } from "../../src/policy/breaker.ts";
import { Scene } from "./breakers.ts";

const NEVER = Number.POSITIVE_INFINITY;

t.test("a breaker that may not trip stays closed and says nothing", async (t) => {
  const scene = new Scene();
  scene.mayTrip = false;
  t.equal(scene.calls(1000, "failure"), 1000);
  t.equal(scene.state, "closed");
  t.strictSame(scene.told, []);
});

t.test("it trips as soon as it may, if only somebody asks", async (t) => {
  const scene = new Scene();
  scene.mayTrip = false;
  scene.calls(7, "failure");
  scene.mayTrip = true;
  t.equal(scene.enter(), NO_GRANT);
  t.strictSame(scene.told, ["open consecutive_failures"]);
});

t.test("it does not trip when the cause has gone in the meantime", async (t) => {
  const row = new Scene();
  row.mayTrip = false;
  row.calls(7, "failure");
  row.calls(1, "success");
  row.mayTrip = true;
  t.equal(row.state, "closed", "a success has ended the row");

  const rate = new Scene({ consecutiveFailures: 1000 });
  rate.mayTrip = false;
  rate.calls(30, "failure");
  rate.now += 10_000;
  rate.mayTrip = true;
  t.equal(rate.state, "closed", "the failures are too old");
});

t.test("a failed trial opens it again without leave: it was not among the healthy", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.mayTrip = false;
  scene.wait();
  scene.calls(5, "failure");
  t.equal(scene.told.at(-1), "open trials_failed");
});

t.test("leave is asked only when there is cause to trip", async (t) => {
  const scene = new Scene();
  scene.calls(100, "success");
  scene.calls(4, "failure");
  t.equal(scene.asked, 0);
  scene.calls(1, "failure");
  t.equal(scene.asked, 1);
});

t.test("forced open it refuses until the override is over, then makes trials", async (t) => {
  const scene = new Scene();
  scene.mayTrip = false;
  scene.breaker.forceOpen(scene.now, scene.now + 600_000);
  t.strictSame(scene.breaker.override, { to: "open", until: scene.now + 600_000 });
  t.match(scene.breaker.last, { reason: "forced", until: scene.now + 600_000 });
  scene.now += 599_999;
  t.equal(scene.enter(), NO_GRANT);
  scene.now += 1;
  t.equal(scene.calls(5, "success"), 5);
  t.equal(scene.breaker.override, undefined);
  const told = ["open forced", "half_open override_ended", "closed trials_passed"];
  t.strictSame(scene.told, told);
  t.equal(scene.breaker.openMs(scene.now), 600_000);
});

t.test("forced closed it allows everything, and nothing counts", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.breaker.forceClosed(scene.now, scene.now + 600_000);
  t.equal(scene.breaker.share(scene.now), 1, "at once and in full");
  t.equal(scene.calls(1000, "failure", 60_000), 1000);
  t.equal(scene.state, "closed");
  scene.now += 600_000;
  t.equal(scene.calls(4, "failure"), 4);
  t.equal(scene.state, "closed", "it begins with nothing counted");
  scene.calls(1, "failure");
  t.strictSame(scene.told, [
    "open consecutive_failures",
    "closed forced",
    "closed override_ended",
    "open consecutive_failures",
  ]);
  t.equal(scene.openFor, 1000, "nor is the next trip one more in a row");
});

t.test("auto ends an override early", async (t) => {
  const scene = new Scene();
  scene.breaker.forceOpen(scene.now, NEVER);
  scene.now += 1e9;
  t.equal(scene.state, "open");
  scene.breaker.auto(scene.now);
  t.equal(scene.state, "half_open");
  scene.breaker.forceClosed(scene.now, NEVER);
  scene.now += 1e9;
  scene.breaker.auto(scene.now);
  scene.trip();
  const told = ["open forced", "half_open override_ended", "closed forced"];
  t.strictSame(scene.told, [...told, "closed override_ended", "open consecutive_failures"]);
});

t.test("auto leaves a breaker alone that nobody has forced", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.breaker.auto(scene.now);
  t.equal(scene.state, "open");
  t.strictSame(scene.told, ["open consecutive_failures"]);
});

t.test("the last of several overrides is the one that holds", async (t) => {
  const scene = new Scene();
  scene.breaker.forceClosed(scene.now, scene.now + 100);
  scene.breaker.forceOpen(scene.now, scene.now + 1000);
  scene.now += 500;
  t.equal(scene.state, "open");
  scene.breaker.forceOpen(scene.now, scene.now + 1000);
  scene.now += 900;
  t.equal(scene.state, "open");
  t.equal(scene.breaker.openMs(scene.now), 1400);
});

t.test("an outcome from before an override does not count after it", async (t) => {
  const scene = new Scene({ consecutiveFailures: 1 });
  const before = scene.enter();
  scene.breaker.forceClosed(scene.now, scene.now + 100);
  const within = scene.enter();
  scene.now += 100;
  scene.settle(before, "failure");
  scene.settle(within, "failure");
  t.equal(scene.state, "closed");
});

t.test("callbacks may read the state while it changes", async (t) => {
  const scene = new Scene();
  scene.recover();
  t.strictSame(scene.seen, ["open", "half_open", "closed"]);
});
