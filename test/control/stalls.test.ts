import t from "tap";
import { Stalls } from "../../src/control/stalls.ts";
import { HandClock } from "../http1/endpoint.ts";

function watched(): { clock: HandClock; stalls: Stalls } {
  const clock = new HandClock();
  const stalls = new Stalls(clock.wheel, () => clock.now());
  stalls.start();
  return { clock, stalls };
}

t.test("an event loop that turns has not stood still", async (t) => {
  const { clock, stalls } = watched();
  for (let step = 0; step < 100; step++) clock.pass(30);
  t.equal(stalls.total(), 0);
});

t.test("stalls are added up, less what was left of a beat", async (t) => {
  const { clock, stalls } = watched();
  clock.pass(2100);
  t.equal(stalls.total(), 2000);
  clock.pass(50);
  clock.pass(550);
  t.equal(stalls.total(), 2500);
});

t.test("a stall counts before the beat has told of it", async (t) => {
  let now = 0;
  const clock = { now: () => now, wall: () => now };
  const wheel = new HandClock().wheel;
  const stalls = new Stalls(wheel, clock.now);
  stalls.start();
  now = 1100;
  t.equal(stalls.total(), 1000);
});

t.test("after its stop nothing is counted, and no timer is left", async (t) => {
  const { clock, stalls } = watched();
  stalls.stop();
  clock.pass(5000);
  t.equal(stalls.total(), 0);
  t.equal(clock.wheel.size, 0);
});
