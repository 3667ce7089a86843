import assert from "node:assert/strict";
import fc from "fast-check";
import t from "tap";
import { isCritical, laneOf, Queue } from "../../src/policy/queue.ts";
import { Told } from "./tickets.ts";

/** A queue with these in it, in this order, each in the lane of its class. */
function queueOf(...tickets: readonly Told[]): Queue {
  const queue = new Queue();
  for (const ticket of tickets) queue.push(ticket, laneOf(ticket.rank, false, ticket.retry));
  return queue;
}

t.test("of critical ones the oldest is next, of sheddable ones the youngest", async (t) => {
  for (const [rank, next] of [0, 0, 1, 1].entries()) {
    const all = [new Told({ rank }), new Told({ rank })];
    t.equal(queueOf(...all).next(false), all[next], `rank ${rank}`);
    t.equal(queueOf(...all).next(true), all[0], `rank ${rank} while all is calm`);
  }
});

t.test("a higher class is next, and in it the firm, the marginal, the retries", async (t) => {
  const queue = new Queue();
  const order: Told[] = [];
  for (const rank of [0, 1, 2, 3]) {
    for (const [marginal, retry] of [
      [false, false],
      [true, false],
      [true, true],
    ] as const) {
      order.push(new Told({ rank, retry }));
      queue.push(order.at(-1) as Told, laneOf(rank, marginal, retry));
    }
  }
  for (const ticket of order) {
    t.equal(queue.next(false), ticket);
    queue.remove(ticket);
  }
  t.equal(queue.next(false), undefined);
  t.equal(queue.lowest, undefined);
});

t.test("the oldest of the lowest lane gives way", async (t) => {
  const [high, old, young] = [new Told({ rank: 0 }), new Told(), new Told()];
  const queue = queueOf(old, high, young);
  t.equal(queue.lowest, old);
  queue.remove(old);
  t.equal(queue.lowest, young);
  queue.remove(young);
  t.equal(queue.lowest, high);
});

/** What happens: one comes in a lane, or the nth of those that wait leaves, or the next or the lowest goes. */
const steps = fc.array(
  fc.oneof(
    fc.record({ come: fc.nat({ max: 11 }) }),
    fc.record({ leave: fc.nat() }),
    fc.constant("next" as const),
    fc.constant("lowest" as const),
  ),
  { maxLength: 100 },
);

t.test("it does what a plain list would do", async () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const queue = new Queue();
      let list: Told[] = [];
      const remove = (ticket: Told): void => {
        queue.remove(ticket);
        list = list.filter((each) => each !== ticket);
      };
      for (const step of steps) {
        const lanes = list.map(({ lane }) => lane);
        const first = list.filter(({ lane }) => lane === Math.min(...lanes));
        const next = isCritical(first[0]?.lane ?? 0) ? first[0] : first.at(-1);
        const lowest = list.find(({ lane }) => lane === Math.max(...lanes));
        assert.equal(queue.next(false), next);
        assert.equal(queue.lowest, lowest);
        assert.equal(queue.length, list.length);
        assert.deepEqual(
          new Set(queue.expired(({ lane }) => lane > 5)),
          new Set(list.filter(({ lane }) => lane > 5)),
        );
        const leaving =
          step === "next"
            ? next
            : step === "lowest"
              ? lowest
              : "leave" in step
                ? list[step.leave % list.length]
                : undefined;
        if (leaving !== undefined) remove(leaving);
        if (typeof step === "object" && "come" in step) {
          const ticket = new Told();
          queue.push(ticket, step.come);
          list.push(ticket);
        }
      }
    }),
  );
});
