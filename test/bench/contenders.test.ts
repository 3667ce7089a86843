// Each contender's formula on an example small enough to be reckoned by hand.
import t from "tap";
import type { Contender } from "../../bench/limiters/contender.ts";
import { aimd } from "../../bench/limiters/contenders/aimd.ts";
import { bbr } from "../../bench/limiters/contenders/bbr.ts";
import { breakwater } from "../../bench/limiters/contenders/breakwater.ts";
import { brpc } from "../../bench/limiters/contenders/brpc.ts";
import { envoy } from "../../bench/limiters/contenders/envoy.ts";
import { fixed } from "../../bench/limiters/contenders/fixed.ts";
import { gradient2 } from "../../bench/limiters/contenders/gradient2.ts";
import { tidegate } from "../../bench/limiters/contenders/tidegate.ts";
import { vegas } from "../../bench/limiters/contenders/vegas.ts";
import { gridScene } from "../../bench/limiters/grid.ts";
import type { Limiter } from "../../src/policy/slots.ts";

const { cell } = gridScene(16, "exponential", "fifo", 2);

function limiterOf(contender: Contender): Limiter {
  const made = contender.make(cell);
  if ("enter" in made) throw new Error(`${contender.name} is a gate`);
  return made;
}

/** So many answers end at `now` that took so long and began when so many were in flight. */
function answers(limiter: Limiter, now: number, latencyMs: number, count = 1, inFlight = 20): void {
  for (let i = 0; i < count; i++) {
    const stamp = limiter.started(now - latencyMs, inFlight);
    limiter.ended(now, stamp, { sentAt: now - latencyMs, latencyMs, ok: true });
  }
}

t.test("fixed: the knee and half of its root; two stages have 2.1 times the workers", async (t) => {
  t.equal(limiterOf(fixed).limit, 18);
  const told = (workers: number, discipline: "fifo" | "stages") =>
    fixed.make(gridScene(workers, "constant", discipline, 2).cell);
  t.match(told(1, "fifo"), { limit: 1 });
  // 33.6 + 2.9
  t.match(told(16, "stages"), { limit: 37 });
});

t.test("tidegate begins with eight and knows nothing of the cell", async (t) => {
  t.equal(limiterOf(tidegate).limit, 8);
});

t.test(
  "aimd: one more for each answer, a tenth less when one takes over five seconds",
  async (t) => {
    const limiter = limiterOf(aimd);
    answers(limiter, 100, 10, 20);
    t.equal(limiter.limit, 40);
    answers(limiter, 200, 10, 5, 19);
    t.equal(limiter.limit, 40, "less than half of them were in flight");
    answers(limiter, 6000, 5001);
    t.equal(limiter.limit, 36);
    answers(limiter, 6000, 5001, 20);
    t.equal(limiter.limit, 20, "never fewer");
  },
);

t.test("vegas: by what waits, against the least time ever", async (t) => {
  const limiter = limiterOf(vegas);
  answers(limiter, 10, 10);
  t.equal(limiter.limit, 20, "the first one is the least");
  answers(limiter, 20, 10);
  t.equal(limiter.limit, 26, "nothing waits: six more");
  answers(limiter, 40, 20);
  t.equal(limiter.limit, 25, "26 * (1 - 1 / 2) = 13 wait");
  answers(limiter, 60, 11);
  t.equal(limiter.limit, 25, "25 * (1 - 10 / 11), which is 3, is right");
  answers(limiter, 70, 10.5);
  t.equal(limiter.limit, 26, "25 * (1 - 10 / 10.5), which is 2, is few");
  answers(limiter, 80, 20, 1, 12);
  t.equal(limiter.limit, 26, "less than half of them were in flight");
});

t.test("gradient2: what a window took against many windows", async (t) => {
  const limiter = limiterOf(gradient2);
  answers(limiter, 1000, 10, 10);
  t.equal(limiter.limit, 20, "0.8 * 20 + 0.2 * 24 = 20.8");
  answers(limiter, 1900, 30, 10);
  t.equal(limiter.limit, 20, "a window is a second");
  answers(limiter, 2000, 30, 1);
  t.equal(
    limiter.limit,
    21,
    "the long one is 20, with its tolerance as much as the short one: 21.6",
  );
  answers(limiter, 3000, 100, 10);
  // long (10 + 30 + 100) / 3 = 46.7, gradient 0.7: 0.8 * 21.6 + 0.2 * (0.7 * 21.6 + 4) = 21.1
  t.equal(limiter.limit, 21);
  answers(limiter, 4000, 400, 10);
  // long 135, gradient 0.506: 0.8 * 21.1 + 0.2 * (0.506 * 21.1 + 4) = 19.8
  t.equal(limiter.limit, 20, "never fewer");
});

t.test("bbr: the most that passed times the least that it took", async (t) => {
  const limiter = limiterOf(bbr);
  t.equal(limiter.limit, 2);
  answers(limiter, 50, 20, 50);
  t.equal(limiter.limit, 2, "the bucket of now does not count");
  limiter.tick(100);
  t.equal(limiter.limit, 11, "50 in 100 ms at 20 ms: 10, and one is let in beside them");
  answers(limiter, 150, 10, 8);
  limiter.tick(200);
  t.equal(limiter.limit, 6, "50 in 100 ms at 10 ms");
  limiter.tick(10_050);
  t.equal(limiter.limit, 2, "8 in 100 ms at 10 ms: the first bucket is ten seconds old");
});

t.test("envoy: 1.25 * minRTT / p50, and the root of that", async (t) => {
  const limiter = limiterOf(envoy);
  answers(limiter, 50, 10, 49);
  limiter.tick(200);
  t.equal(limiter.limit, 3, "the least is measured with 50");
  answers(limiter, 200, 10);
  answers(limiter, 250, 10, 5);
  limiter.tick(300);
  t.equal(limiter.limit, 5, "3.75 + sqrt(3.75)");
  answers(limiter, 350, 25, 5);
  limiter.tick(400);
  t.equal(limiter.limit, 4, "2.5 + sqrt(2.5)");
  limiter.tick(60_000 + 200);
  limiter.tick(69_000 + 200);
  t.match(limiter, { limit: 3, hold: 4 }, "the least is measured anew");
});

t.test("brpc: what the least mean and the peak make, and up to 1.4 times as many", async (t) => {
  const limiter = limiterOf(brpc);
  const window = (from: number, latencyMs: number): void => {
    for (let i = 1; i <= 500; i++) answers(limiter, from + i * 0.2, latencyMs);
  };
  window(0, 10);
  // 500 in 99.8 ms at 10 ms: ceil(50.1) = 51; 51 * (2.4 - 1) = 71.4
  t.equal(limiter.limit, 72);
  window(100, 20);
  t.equal(limiter.limit, 51, "more than 1.4 times the least");
  window(25_000, 10);
  window(60_000, 10);
  t.equal(limiter.limit, 40, "halved for a while, and never fewer");
});

t.test(
  "breakwater: credits rise by one, and fall by how far the wait is beyond its target",
  async (t) => {
    const limiter = limiterOf(breakwater);
    answers(limiter, 50, 20, 10);
    limiter.tick(50);
    t.equal(limiter.limit, 9);
    limiter.tick(60);
    t.equal(limiter.limit, 9, "nothing has ended");
    // The target is 0.4 * 2 * 92.1 = 73.7 ms beyond the 20 of the work; 51 times that costs half of them.
    answers(limiter, 9000, 20 + 51 * 73.7, 10);
    limiter.tick(9000);
    t.equal(limiter.limit, 4);
  },
);
