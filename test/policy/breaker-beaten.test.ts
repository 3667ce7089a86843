// Calls that a later one at another endpoint has beaten: no failures, and yet an endpoint that hangs
// does not stay in use because of them.
import t from "tap";
import { Scene, SETTINGS } from "./breakers.ts";

const { slowerThan } = SETTINGS.slowCalls;

t.test("beaten now and then it stays closed, and so it does in one long pause", async (t) => {
  const scene = new Scene();
  for (let n = 0; n < 100; n++) {
    scene.calls(1, "beaten");
    scene.calls(9, "success");
  }
  scene.calls(200, "beaten");
  t.equal(scene.state, "closed");
});

t.test("beaten in four of five calls of the window it opens, as if they were slow", async (t) => {
  const scene = new Scene();
  scene.calls(4, "success");
  scene.calls(15, "beaten");
  t.equal(scene.state, "closed", "there were fewer than minimumRequests");
  scene.calls(1, "beaten");
  t.same(scene.told, ["open slow_calls"]);
});

t.test("failures in a row are still a row when calls are beaten between them", async (t) => {
  const scene = new Scene();
  scene.calls(4, "failure");
  scene.calls(3, "beaten");
  t.equal(scene.state, "closed");
  scene.calls(1, "failure");
  t.same(scene.told, ["open consecutive_failures"]);
});

t.test("silent for longer than slowerThan, it fails with each call that is beaten", async (t) => {
  const scene = new Scene();
  scene.calls(1, "beaten");
  scene.now += slowerThan;
  scene.calls(4, "beaten");
  t.equal(scene.state, "closed");
  scene.calls(1, "beaten");
  t.same(scene.told, ["open consecutive_failures"]);
});

t.test("an answer ends the silence, as soon as it begins", async (t) => {
  for (const answers of [
    (scene: Scene) => scene.calls(1, "success"),
    (scene: Scene) => scene.answer(),
  ]) {
    const scene = new Scene();
    scene.calls(1, "beaten");
    scene.now += slowerThan;
    answers(scene);
    scene.calls(5, "beaten");
    t.equal(scene.state, "closed");
  }
});

t.test("trials that are beaten fail for being slow, and keep their places", async (t) => {
  const scene = new Scene();
  scene.trip();
  scene.wait();
  scene.calls(3, "beaten");
  t.equal(scene.state, "half_open");
  scene.calls(1, "beaten");
  t.equal(scene.told.at(-1), "open trials_failed");
});
