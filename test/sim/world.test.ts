// The simulated world itself: its time, its chance, and that it asks nothing of the real one.
import t from "tap";
import { systemClock, systemRandom } from "../../src/core/clock.ts";
import { Heap } from "./heap.ts";
import { World } from "./world.ts";

t.test("events happen in the order of their times, and of their filing", async (t) => {
  const world = new World(1);
  const order: string[] = [];
  const note = (name: string) => () => order.push(`${name} ${world.now()}`);
  world.at(5, note("b"));
  world.at(5, note("c"));
  world.at(1, note("a"));
  world.at(9, note("never"));
  await world.run(8);
  t.strictSame(order, ["a 1", "b 5", "c 5"]);
  t.equal(world.now(), 8);
});

t.test("a heap gives back in order whatever it was given", async (t) => {
  const chance = new World(3).stream("times");
  const heap = new Heap();
  const times = Array.from({ length: 1000 }, () => chance.below(100));
  for (const [order, at] of times.entries()) heap.add({ at, order, happen: () => {} });
  const taken = times.map(() => heap.take());
  const sorted = taken.toSorted((a, b) => a.at - b.at || a.order - b.order);
  t.strictSame(taken, sorted);
  t.equal(heap.first, undefined);
});

t.test("every promise that an event settles goes on before the next event", async (t) => {
  const world = new World(1);
  const order: string[] = [];
  world.at(1, () => void deep(100).then(() => order.push("settled")));
  world.at(1, () => order.push("next"));
  await world.run(2);
  t.strictSame(order, ["settled", "next"]);
});

async function deep(depth: number): Promise<void> {
  if (depth > 0) await deep(depth - 1);
}

t.test("whatever asks for real time or chance is told that there is none", async (t) => {
  const questions: readonly (() => unknown)[] = [
    () => Date.now(),
    () => performance.now(),
    () => Math.random(),
    () => globalThis.setTimeout(() => {}, 0),
    () => globalThis.setImmediate(() => {}),
    () => systemClock.now(),
    () => systemRandom.id(),
  ];
  for (const ask of questions) {
    const world = new World(1);
    world.at(1, () => void ask());
    await t.rejects(world.run(2), { message: /asked the real one/ }, String(ask));
    t.doesNotThrow(ask, "and afterwards there is again");
  }
});

t.test("each purpose has a stream of its own", async (t) => {
  const draws = (seed: number, purpose: string): number[] => {
    const stream = new World(seed).stream(purpose);
    return [stream.next(), stream.next(), stream.next()];
  };
  t.strictSame(draws(1, "a"), draws(1, "a"));
  t.notSame(draws(1, "a"), draws(1, "b"));
  t.notSame(draws(1, "a"), draws(2, "a"));
  const world = new World(1);
  world.stream("a");
  t.throws(() => world.stream("a"), { message: "there is a stream a already" });
});
