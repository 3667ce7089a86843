import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import type { Verdict } from "../../src/core/breaker.ts";
import { Trials } from "../../src/policy/trials.ts";

const RULES = { places: 5, failures: 0.5, slow: 0.8 };

/** Five trials, begun at once; the deadline of each is its number. */
function begun(rules = RULES): Trials {
  const trials = new Trials(rules);
  for (let grant = 1; grant <= rules.places; grant++) trials.begin(grant, grant);
  return trials;
}

t.test("there are as many places as the rules say", async (t) => {
  const trials = new Trials(RULES);
  for (let grant = 1; grant <= 5; grant++) {
    t.ok(trials.hasPlace);
    trials.begin(grant, 100);
  }
  t.notOk(trials.hasPlace);
  trials.settle(1, "success", false);
  t.notOk(trials.hasPlace, "a trial that has ended keeps its place");
});

t.test("a trial that is ignored gives its place back", async (t) => {
  const trials = begun();
  trials.settle(3, "ignore", false);
  t.ok(trials.hasPlace);
  trials.begin(6, 6);
  t.notOk(trials.hasPlace);
});

t.test("they pass when most have succeeded, without waiting for the others", async (t) => {
  const trials = begun();
  for (const grant of [5, 4]) trials.settle(grant, "success", false);
  t.equal(trials.verdict, undefined);
  trials.settle(1, "failure", false);
  t.equal(trials.verdict, undefined);
  trials.settle(2, "success", false);
  t.equal(trials.verdict, "passed");
});

t.test("they fail when too many have failed, without waiting for the others", async (t) => {
  const trials = begun();
  trials.settle(1, "success", false);
  for (const grant of [2, 3]) trials.settle(grant, "failure", false);
  t.equal(trials.verdict, undefined);
  trials.settle(4, "failure", false);
  t.equal(trials.verdict, "failed");
});

t.test("they fail when too many were slow, though all have succeeded", async (t) => {
  const trials = begun();
  for (const grant of [1, 2, 3]) trials.settle(grant, "success", true);
  t.equal(trials.verdict, undefined, "the others can still be fast");
  trials.settle(4, "success", true);
  t.equal(trials.verdict, "failed");
});

t.test("the only trial decides alone", async (t) => {
  for (const [verdict, judged] of [
    ["success", "passed"],
    ["failure", "failed"],
  ] as const) {
    const trials = begun({ ...RULES, places: 1 });
    trials.settle(1, verdict, false);
    t.equal(trials.verdict, judged);
  }
});

t.test("what is overdue has failed, at its deadline and not before", async (t) => {
  const trials = begun();
  t.equal(trials.due, 1);
  trials.expire(0.9);
  t.equal(trials.due, 1);
  trials.expire(2);
  t.equal(trials.due, 3);
  t.equal(trials.verdict, undefined);
  trials.expire(3);
  t.equal(trials.verdict, "failed");
});

t.test("what is overdue was slow, too", async (t) => {
  const trials = begun({ ...RULES, failures: 1, slow: 0.4 });
  trials.expire(2);
  t.equal(trials.verdict, "failed");
});

t.test("an outcome after the deadline, or a second one, changes nothing", async (t) => {
  const trials = begun();
  trials.expire(2);
  for (const grant of [1, 2]) trials.settle(grant, "success", false);
  for (let n = 0; n < 5; n++) trials.settle(3, "success", false);
  t.equal(trials.verdict, undefined);
  trials.settle(4, "failure", false);
  t.equal(trials.verdict, "failed");
});

t.test("a verdict is the one that all places together give, as soon as it is certain", async () => {
  const outcome = fc.record({ failed: fc.boolean(), slow: fc.boolean() });
  const share = fc.constantFrom(0.01, 0.07, 0.2, 0.5, 0.8, 1);
  const outcomes = fc.array(outcome, { minLength: 1, maxLength: 20 });
  fc.assert(
    fc.property(outcomes, share, share, (all, failures, slow) => {
      const rules = { places: all.length, failures, slow };
      const trials = begun(rules);
      const told = all.map(({ failed, slow }, index) => {
        const verdict: Verdict = failed ? "failure" : "success";
        trials.settle(index + 1, verdict, slow);
        return trials.verdict;
      });
      const bad =
        all.filter((each) => each.failed).length / all.length >= failures ||
        all.filter((each) => each.slow).length / all.length >= slow;
      const verdicts = new Set(told.filter((verdict) => verdict !== undefined));
      assert.deepEqual([...verdicts], [bad ? "failed" : "passed"]);
    }),
  );
});

t.test("an answer that still comes when its trial is overdue counts as it began", async (t) => {
  const trials = begun();
  for (const grant of [1, 2, 3]) trials.answers(grant, false);
  trials.expire(2);
  t.equal(trials.verdict, undefined, "two are known");
  trials.settle(3, "failure", false);
  trials.expire(4);
  t.equal(trials.verdict, undefined, "it broke off in time, and one was not answered");
  trials.settle(5, "success", false);
  t.equal(trials.verdict, "passed");
});

t.test("slow answers that still come are slow", async (t) => {
  const trials = begun();
  for (const grant of [1, 2, 3, 4]) trials.answers(grant, true);
  trials.expire(4);
  t.equal(trials.verdict, "failed");
});
