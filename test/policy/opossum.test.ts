// What opossum does in the states where a breaker on the path of requests must do otherwise: reasons why ours is
// not made of it. Should one of these tests fail with a new version, the README has a reason less.
import { mock } from "node:test";
import CircuitBreaker from "opossum";
import t, { type Test } from "tap";

const RESET_MS = 30_000;

/** Opens after its first failure, and is half-open after RESET_MS of a time that only `mock` lets pass. */
function make(t: Test, options: CircuitBreaker.Options = {}) {
  mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  const breaker = new CircuitBreaker((call: () => Promise<string>) => call(), {
    resetTimeout: RESET_MS,
    timeout: false,
    errorThresholdPercentage: 1,
    ...options,
  });
  t.teardown(() => {
    breaker.shutdown();
    mock.timers.reset();
  });
  return breaker;
}

const well = async () => "well";
const sick = async (): Promise<string> => {
  throw new Error("sick");
};

t.test("one trial decides: a service that mostly fails gets all its traffic back", async (t) => {
  const breaker = make(t);
  await t.rejects(breaker.fire(sick));
  mock.timers.tick(RESET_MS);
  t.ok(breaker.halfOpen);
  // Of what comes now a tenth would succeed, and the first one does.
  t.equal(await breaker.fire(well), "well");
  t.ok(breaker.closed);
});

t.test(
  "while the one trial is under way every other call is rejected, however many would be safe",
  async (t) => {
    const breaker = make(t);
    await t.rejects(breaker.fire(sick));
    mock.timers.tick(RESET_MS);
    t.ok(breaker.halfOpen);
    const trial = Promise.withResolvers<string>();
    const asked = breaker.fire(() => trial.promise);
    await t.rejects(breaker.fire(well), { code: "EOPENBREAKER" });
    trial.resolve("well");
    await asked;
  },
);

t.test("a success that began before the trip closes it, with no trial made", async (t) => {
  const breaker = make(t);
  const early = Promise.withResolvers<string>();
  const begun = breaker.fire(() => early.promise);
  await t.rejects(breaker.fire(sick));
  t.ok(breaker.opened);
  mock.timers.tick(RESET_MS);
  t.ok(breaker.halfOpen);
  early.resolve("what the service could do before it fell ill");
  await begun;
  t.ok(breaker.closed);
});

t.test(
  "calls that it rejects itself, for want of capacity, count as failures of the service",
  async (t) => {
    const breaker = make(t, { capacity: 1, errorThresholdPercentage: 50 });
    const slow = Promise.withResolvers<string>();
    const under = breaker.fire(() => slow.promise);
    for (let n = 0; n < 2; n++) await t.rejects(breaker.fire(well), { code: "ESEMLOCKED" });
    t.ok(breaker.opened, "nothing has failed, and it is open");
    slow.resolve("well");
    t.equal(await under, "well");
  },
);

t.test(
  "calls that it rejects while open count as calls, and water down the failures",
  async (t) => {
    const breaker = make(t);
    await t.rejects(breaker.fire(sick));
    for (let n = 0; n < 9; n++) await t.rejects(breaker.fire(well), { code: "EOPENBREAKER" });
    const { fires, failures } = breaker.stats;
    t.strictSame({ fires, failures }, { fires: 10, failures: 1 });
  },
);
