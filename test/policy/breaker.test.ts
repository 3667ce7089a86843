// What each arrow of the state diagram takes, and what takes none.
import t from "tap";
import { NO_GRANT } from "../../src/policy/breaker.ts";
import { Scene, SETTINGS } from "./breakers.ts";

t.test("a closed breaker allows everything", async (t) => {
  const scene = new Scene();
  t.equal(scene.state, "closed");
  t.equal(scene.calls(1000, "success"), 1000);
  t.ok(scene.breaker.allows(scene.now));
  t.strictSame(scene.told, []);
  t.equal(scene.breaker.last, undefined);
});

t.test("closed to open: failures in a row", async (t) => {
  const scene = new Scene();
  scene.calls(4, "failure");
  scene.calls(1, "success");
  scene.calls(4, "failure");
  t.equal(scene.state, "closed", "a success between them begins the count again");
  scene.calls(1, "failure");
  t.strictSame(scene.told, ["open consecutive_failures"]);
  t.match(scene.changes[0], { from: "closed", at: scene.now, until: scene.now + 1000 });
  t.equal(scene.breaker.last, scene.changes[0]);
});

t.test("closed to open: the failure rate, from the minimum of requests on", async (t) => {
  const scene = new Scene();
  for (let n = 0; n < 9; n++) {
    scene.calls(1, "failure");
    scene.calls(1, "success");
  }
  scene.calls(1, "failure");
  t.equal(scene.state, "closed", "19 calls are below the minimum");
  scene.calls(1, "success");
  t.strictSame(scene.told, ["open failure_rate"], "10 of 20 are the threshold");
});

t.test("closed to open: slow calls, from the same minimum on", async (t) => {
  const scene = new Scene();
  scene.calls(4, "success", 5000);
  scene.calls(15, "success", 5001);
  t.equal(scene.state, "closed", "5 seconds are not slower than 5 seconds");
  scene.calls(1, "success", 5001);
  t.strictSame(scene.told, ["open slow_calls"], "16 of 20 are the threshold");
});

t.test("failures that are older than the window make no rate", async (t) => {
  const scene = new Scene();
  for (let n = 0; n < 9; n++) {
    scene.calls(1, "failure");
    scene.calls(1, "success");
  }
  scene.now += 10_000;
  scene.calls(2, "failure");
  t.equal(scene.state, "closed");
});

t.test("what is ignored neither counts nor ends a row", async (t) => {
  const scene = new Scene();
  scene.calls(4, "failure");
  scene.calls(1000, "ignore", 60_000);
  t.equal(scene.state, "closed");
  scene.calls(1, "failure");
  t.strictSame(scene.told, ["open consecutive_failures"]);
});

t.test("an open breaker allows nothing until its time is over", async (t) => {
  const scene = new Scene();
  scene.trip();
  t.notOk(scene.breaker.allows(scene.now));
  t.equal(scene.enter(), NO_GRANT);
  scene.now += 999;
  t.equal(scene.enter(), NO_GRANT);
  t.equal(scene.breaker.state, "open");
  scene.now += 1;
  t.equal(scene.breaker.state, "open", "time moves it only when it is asked");
  t.ok(scene.breaker.allows(scene.now));
  t.strictSame(scene.told, ["open consecutive_failures", "half_open open_time_over"]);
});

t.test("a half-open breaker lets exactly its trials through", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  const grants = Array.from({ length: 8 }, () => scene.enter());
  t.equal(grants.filter((grant) => grant !== NO_GRANT).length, 5);
  t.notOk(scene.breaker.allows(scene.now));
});

t.test("half-open to closed: most trials have succeeded", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = Array.from({ length: 5 }, () => scene.enter());
  scene.settle(a, "failure");
  scene.settle(b, "success");
  scene.settle(c, "failure");
  scene.settle(d, "success");
  t.equal(scene.state, "half_open", "the last trial decides");
  scene.settle(e, "success");
  t.equal(scene.told.at(-1), "closed trials_passed");
});

t.test("half-open to open: most trials have failed", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  scene.calls(2, "success");
  scene.calls(2, "failure");
  t.equal(scene.state, "half_open");
  scene.calls(1, "failure");
  t.equal(scene.told.at(-1), "open trials_failed");
  t.equal(scene.openFor, 2000, "longer than before");
});

t.test("half-open to open: the trials were slow", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  scene.calls(4, "success", 5001);
  t.equal(scene.told.at(-1), "open trials_failed");
});

t.test("half of the trials are too few, whatever the threshold for tripping", async (t) => {
  const failureRate = { ...SETTINGS.failureRate, threshold: 1 };
  const scene = new Scene({ failureRate, trials: 4 });
  scene.trip();
  scene.wait();
  scene.calls(2, "failure");
  t.equal(scene.told.at(-1), "open trials_failed");
});

t.test("half-open to open: trials that hang have failed when time is asked next", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  for (let n = 0; n < 3; n++) scene.enter();
  scene.now += 14_999;
  t.equal(scene.state, "half_open");
  scene.now += 1;
  t.equal(scene.breaker.state, "half_open");
  t.notOk(scene.breaker.allows(scene.now));
  t.equal(scene.told.at(-1), "open trials_failed");
});

t.test("a trial that answers after its deadline has failed all the same", async (t) => {
  const scene = new Scene({ trials: 1 });
  scene.trip();
  scene.wait();
  const grant = scene.enter();
  scene.now += 15_000;
  scene.settle(grant, "success");
  t.equal(scene.state, "open");
});

t.test("a trial that is ignored gives its place to another", async (t) => {
  const scene = new Scene({ trials: 1 });
  scene.trip();
  scene.wait();
  const grant = scene.enter();
  t.equal(scene.enter(), NO_GRANT);
  scene.settle(grant, "ignore");
  t.equal(scene.state, "half_open");
  scene.now += 60_000;
  t.equal(scene.calls(1, "success"), 1, "and its deadline is gone with it");
  t.equal(scene.state, "closed");
});

t.test("time that this process stood still does not fail a trial", async (t) => {
  const scene = new Scene({ trials: 1 });
  scene.trip();
  scene.wait();
  const grant = scene.enter();
  scene.now += 34_000;
  scene.stood += 19_001;
  t.equal(scene.state, "half_open", "14999 ms of its 15 s");
  scene.settle(grant, "success");
  t.equal(scene.state, "closed");
});

t.test("a trial that has had its time fails, however long we stood still", async (t) => {
  const scene = new Scene({ trials: 1 });
  scene.trip();
  scene.wait();
  scene.stood += 5000;
  scene.enter();
  scene.now += 34_000;
  scene.stood += 19_000;
  t.equal(scene.state, "open", "15 s of its 15 s");
  scene.stood += 60_000;
  t.equal(scene.state, "open");
  scene.wait();
  t.ok(scene.breaker.allows(scene.now), "the open time is nobody's to answer in");
});

t.test("a late success from before the trip does not close the breaker", async (t) => {
  const scene = new Scene();
  const late = Array.from({ length: 5 }, () => scene.enter());
  scene.trip();
  for (const grant of late.slice(0, 2)) scene.settle(grant, "success");
  t.equal(scene.state, "open");
  scene.wait();
  t.equal(scene.state, "half_open");
  for (const grant of late) scene.settle(grant, "success");
  t.equal(scene.state, "half_open");
  t.equal(scene.calls(5, "failure"), 3, "and has taken no trial's place");
});

t.test("a late failure from before recovery does not open the breaker", async (t) => {
  const scene = new Scene();
  const late = Array.from({ length: 50 }, () => scene.enter());
  scene.recover();
  for (const grant of late) scene.settle(grant, "failure", 60_000);
  t.equal(scene.state, "closed");
  t.equal(scene.calls(4, "failure"), 4);
  t.equal(scene.state, "closed", "nor does it count towards the next trip");
});

t.test("a trial that is still running when the others have passed counts no more", async (t) => {
  const scene = new Scene({ consecutiveFailures: 1 });
  scene.calls(1, "failure");
  scene.wait();
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = Array.from({ length: 5 }, () => scene.enter());
  for (const grant of [a, b, c]) scene.settle(grant, "success");
  t.equal(scene.state, "closed");
  for (const grant of [d, e]) scene.settle(grant, "failure");
  t.equal(scene.state, "closed");
});

t.test("recovery begins with nothing counted", async (t) => {
  const scene = new Scene();
  scene.recover();
  scene.calls(4, "failure");
  t.equal(scene.state, "closed");
});

t.test("after the trials traffic comes back gradually", async (t) => {
  const scene = new Scene();
  t.equal(scene.breaker.share(scene.now), 1, "what was never open has all of it");
  scene.recover();
  const back = scene.changes.at(-1)?.at ?? 0;
  const shares = [0, 1000, 5000, 10_000].map((ms) => scene.breaker.share(back + ms));
  t.strictSame(shares, [0.01, 0.1, 0.5, 1]);
});

t.test("new settings count from what was counted; another window begins empty", async (t) => {
  const scene = new Scene();
  scene.calls(3, "failure");
  scene.breaker.configure({ ...SETTINGS, consecutiveFailures: 4 });
  scene.calls(1, "failure");
  t.strictSame(scene.told, ["open consecutive_failures"]);
  const other = new Scene({ consecutiveFailures: 1000 });
  other.calls(15, "failure");
  const failureRate = { ...SETTINGS.failureRate, window: 20_000 };
  other.breaker.configure({ ...SETTINGS, consecutiveFailures: 1000, failureRate });
  other.calls(19, "failure");
  t.equal(other.state, "closed", "15 of the old window are forgotten");
  other.calls(1, "failure");
  t.strictSame(other.told, ["open failure_rate"]);
});

t.test(
  "an opening ends when it was to end, and its trials by the rules of their beginning",
  async (t) => {
    const scene = new Scene();
    scene.calls(5, "failure");
    scene.breaker.configure({ ...SETTINGS, open: { base: 9000, max: 9000, jitter: 0 }, trials: 2 });
    scene.now += 1000;
    t.equal(scene.state, "half_open");
    scene.breaker.configure(SETTINGS);
    t.equal(scene.calls(5, "success"), 2 + 3, "two trials, then it is closed");
    t.strictSame(scene.told, [
      "open consecutive_failures",
      "half_open open_time_over",
      "closed trials_passed",
    ]);
  },
);
