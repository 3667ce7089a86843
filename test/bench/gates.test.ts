// The contenders that have rules of their own of who is let in, on small examples.
import t from "tap";
import type { Contender } from "../../bench/limiters/contender.ts";
import { cinnamon } from "../../bench/limiters/contenders/cinnamon.ts";
import { codel } from "../../bench/limiters/contenders/codel.ts";
import { dagor } from "../../bench/limiters/contenders/dagor.ts";
import { failsafe } from "../../bench/limiters/contenders/failsafe.ts";
import { none } from "../../bench/limiters/contenders/none.ts";
import { throttle } from "../../bench/limiters/contenders/throttle.ts";
import { gridScene } from "../../bench/limiters/grid.ts";
import { Average, Correlation, medianOf } from "../../bench/limiters/statistics.ts";
import { hashOf } from "../../src/policy/criticality.ts";
import { answer, Told } from "../policy/tickets.ts";
import type { Gate } from "../sim/crowd/crowd.ts";

function gateOf(contender: Contender, workers = 1): Gate {
  const made = contender.make(gridScene(workers, "constant", "fifo", 2).cell);
  if (!("enter" in made)) throw new Error(`${contender.name} is a limiter`);
  return made;
}

/** So many of this class arrive, each of another caller: those that are let in, and those that wait. */
function arrive(gate: Gate, count: number, now: number, rank = 3) {
  const tickets = Array.from(
    { length: count },
    (_, i) => new Told({ rank, caller: hashOf(`${i}`) }),
  );
  const said = tickets.map((ticket) => gate.enter(ticket, now));
  const of = (word: string) => tickets.filter((_, i) => said[i] === word);
  return { granted: of("granted"), queued: of("queued") };
}

t.test("none lets everything through", async (t) => {
  t.equal(arrive(gateOf(none), 1000, 0).granted.length, 1000);
});

t.test("codel: first come first served, but last come in a queue that stands", async (t) => {
  const gate = gateOf(codel);
  const { granted, queued } = arrive(gate, 4, 0);
  const [first, second, third] = queued;
  t.equal(granted.length, 1);
  if (granted[0] !== undefined) gate.settle(granted[0], answer(50), 50);
  t.strictSame(first?.story, ["granted 50"]);
  t.strictSame(second?.story, [], "100 ms are allowed while the queue was empty of late");
  const { queued: late } = arrive(gate, 2, 104);
  gate.tick(106, 0);
  t.strictSame(third?.story, ["queue_timeout 106"], "then 5 ms are");
  if (first !== undefined) gate.settle(first, answer(57), 107);
  t.strictSame(
    late.map(({ story }) => story),
    [[], ["granted 107"]],
  );
});

t.test("dagor: 5 % fewer while requests wait for over 20 ms, then 1 % of all more", async (t) => {
  const gate = gateOf(dagor);
  const { granted } = arrive(gate, 1999, 0);
  t.equal(granted.length, 1999);
  for (const each of granted) gate.settle(each, answer(41), 100);
  arrive(gate, 1, 100);
  const fewer = arrive(gate, 1999, 200).granted;
  t.ok(Math.abs(fewer.length - 1900) < 25, `${fewer.length}`);
  for (const each of fewer) gate.settle(each, answer(39), 300);
  arrive(gate, 1, 300);
  const more = arrive(gate, 1999, 400).granted.length;
  t.ok(more > fewer.length && more < fewer.length + 45, `${more}`);
});

t.test("throttle: refuses what is beyond twice that which went well", async (t) => {
  /** One after the other: how many are let in of those that come and are answered after so long. */
  const turns = (gate: Gate, count: number, latencyMs: number, now: number): number => {
    let all = 0;
    for (let i = 0; i < count; i++) {
      const { granted } = arrive(gate, 1, now);
      for (const each of granted) gate.settle(each, answer(latencyMs), now);
      all += granted.length;
    }
    return all;
  };
  const gate = gateOf(throttle);
  t.equal(turns(gate, 100, 20, 0), 100);
  t.equal(arrive(gate, 100, 100).granted.length, 100, "(200 - 2 * 100) / 201");
  const share = arrive(gate, 2000, 200).granted.length / 2000;
  // The sum of 1 - (n - 200) / (n + 1) for n from 200 to 2200 is 201 * ln(11) = 482.
  t.ok(Math.abs(share - 0.241) < 0.03, `${share}`);
  const late = gateOf(throttle);
  t.ok(turns(late, 100, 201, 0) < 20, "its clients wait for 200 ms");
  t.equal(turns(late, 10, 200, 121_000), 10, "two minutes are remembered");
});

t.test(
  "failsafe: lets twenty in, 40 wait, and from there to 60 more and more are refused",
  async (t) => {
    const gate = gateOf(failsafe);
    const { granted, queued } = arrive(gate, 60, 0);
    t.equal(granted.length, 20);
    t.equal(queued.length, 40);
    const some = arrive(gate, 1000, 0).queued.length;
    t.ok(some > 10 && some <= 20, `${some}`);
  },
);

t.test("failsafe: one more while nothing waits within, one less when much does", async (t) => {
  const gate = gateOf(failsafe, 16);
  const held: Told[] = [];
  let waiting: Told[] = [];
  /** Those come that are let in, and one that has to wait. */
  const fill = (now: number): void => {
    for (let last = 1; last > 0; ) {
      const { granted, queued } = arrive(gate, 1, now);
      held.push(...granted);
      waiting.push(...queued);
      last = granted.length;
    }
  };
  /** A window of answers; how many are in flight then. */
  const round = (now: number, latencyMs: number): number => {
    for (let i = 0; i < 50; i++) {
      const done = held.shift();
      if (done !== undefined) gate.settle(done, answer(latencyMs), now);
      held.push(...waiting.filter(({ story }) => story.length > 0));
      waiting = waiting.filter(({ story }) => story.length === 0);
      fill(now);
    }
    return held.length;
  };
  fill(0);
  t.equal(held.length, 20);
  t.equal(round(1, 10), 21);
  t.equal(round(1002, 10), 22);
  for (let i = 2; i < 14; i++) round(i * 1001, 10);
  const before = held.length;
  for (let i = 14; i < 24; i++) round(i * 1001, 200);
  t.ok(held.length < before, `${before}, then ${held.length}`);
});

t.test(
  "cinnamon: what matters most is granted first, and the lowest are refused in time",
  async (t) => {
    const gate = gateOf(cinnamon);
    const { granted, queued } = arrive(gate, 40, 0);
    t.equal(granted.length, 20);
    t.equal(queued.length, 20);
    const [critical] = arrive(gate, 1, 1, 0).queued;
    if (granted[0] !== undefined) gate.settle(granted[0], answer(20), 20);
    t.strictSame(critical?.story, ["granted 20"]);
    // Ten times what is done comes, and the queue is never empty.
    const held = granted.slice(1);
    let let_in = 0;
    for (let now = 30; now < 6000; now += 10) {
      const done = held.shift();
      if (done !== undefined) gate.settle(done, answer(20), now);
      const { granted: some, queued: others } = arrive(gate, 10, now);
      held.push(...some, ...others.filter(({ story }) => story[0]?.startsWith("granted")));
      if (now > 3000) let_in += some.length + others.length;
      gate.tick(now, 0);
    }
    t.ok(let_in / 3000 < 0.5, `${let_in / 3000} of those that came are let in`);
  },
);

t.test("statistics: averages, correlations and medians", async (t) => {
  const average = new Average(3, 2);
  t.strictSame(
    [4, 8, 12].map((value) => average.add(value)),
    [4, 6, 9],
  );
  const together = new Correlation(10, 3);
  t.equal(together.add(1, 2).value, 0, "too few");
  together.add(2, 4);
  t.ok(Math.abs(together.add(3, 6).value - 1) < 1e-9);
  const against = new Correlation(3, 2);
  for (const x of [1, 2, 3]) against.add(x, 9);
  t.ok(Math.abs(against.add(4, 6).value) > 0.5 && against.add(5, 3).value < -0.9);
  t.equal(medianOf([3, 1, 2]), 2);
  t.ok(Number.isNaN(medianOf([])));
});
