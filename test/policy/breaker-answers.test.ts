// Answers that take their time to come: when they count, and as what.
import t from "tap";
import { Scene, SETTINGS } from "./breakers.ts";

const { trialTimeout } = SETTINGS;

t.test("an answer counts at its end: five that break off trip it", async (t) => {
  const scene = new Scene();
  const answers = Array.from({ length: 5 }, () => scene.answer());
  t.equal(scene.state, "closed");
  for (const answer of answers) answer.ends("failure");
  t.same(scene.told, ["open consecutive_failures"]);
});

t.test("an answer that is whole ends the row of failures", async (t) => {
  const scene = new Scene();
  const answer = scene.answer();
  scene.calls(4, "failure");
  answer.ends("success");
  scene.calls(4, "failure");
  t.equal(scene.state, "closed");
});

t.test("one whose client has gone is a success only if it came for long", async (t) => {
  for (const [ms, state] of [
    [trialTimeout - 1, "open"],
    [trialTimeout, "closed"],
  ] as const) {
    const scene = new Scene();
    const answer = scene.answer();
    scene.now += ms;
    scene.calls(4, "failure");
    scene.now -= 4;
    answer.ends("ignore");
    scene.calls(1, "failure");
    t.equal(scene.state, state);
  }
});

t.test("trials whose answers go on and on do not keep it half-open", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  const answers = Array.from({ length: SETTINGS.trials }, () => scene.answer());
  t.equal(scene.state, "half_open");
  scene.now += trialTimeout;
  t.equal(scene.state, "closed");
  for (const answer of answers) answer.ends("failure");
  t.equal(scene.state, "closed", "what began before it closed changes nothing");
});

t.test("trials whose answers break off in time fail", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  for (let n = 0; n < 3; n++) scene.answer().ends("failure");
  t.equal(scene.told.at(-1), "open trials_failed");
});
