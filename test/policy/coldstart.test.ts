import t from "tap";
import { AdaptiveLimiter } from "../../src/policy/adaptive.ts";
import { ColdStart } from "../../src/policy/coldstart.ts";
import { FixedLimit } from "../../src/policy/slots.ts";
import { type Cell, Run } from "../sim/crowd/crowd.ts";

const LIMIT = 8;

/** Eight that began one a millisecond from `from` on: seven, and the one that reaches the limit. */
function full(from: number): ColdStart {
  const cold = new ColdStart();
  for (let i = 0; i < LIMIT; i++) {
    cold.started(from + i, i + 1, LIMIT);
    if (i + 1 < LIMIT) cold.first(from + i, i + 1);
  }
  return cold;
}

/** All of them end, `tookMs` after they began. */
function end(cold: ColdStart, from: number, tookMs: number, ok: boolean): void {
  for (let i = 0; i < LIMIT; i++) {
    cold.ended(from + i + tookMs, i + 1 < LIMIT ? -1 : 1, from + i, ok);
  }
}

t.test("as long as nothing ends and more is wanted, one more every few milliseconds", async (t) => {
  const cold = full(1000);
  t.equal(cold.more(1507), 0, "an answer may come soon");
  t.equal(cold.more(1607), 16);
  t.equal(cold.more(11_507), 1600, "it may take ten seconds");
  t.ok(cold.blind);
});

t.test("where nobody waits there are no more", async (t) => {
  const cold = new ColdStart();
  cold.started(0, 1, LIMIT);
  t.equal(cold.more(60_000), 0);
  for (let i = 1; i < LIMIT; i++) cold.started(60_000, i + 1, LIMIT);
  cold.ended(60_000, -1, 0, true);
  t.equal(cold.more(120_000), 0);
});

t.test("eight ends are enough, whatever they come to", async (t) => {
  const cold = full(0);
  for (let i = 0; i < 7; i++) cold.ended(800, -1, undefined, false);
  t.ok(cold.blind);
  cold.ended(800, -1, undefined, false);
  t.notOk(cold.blind);
  const more = cold.more(800);
  t.ok(more > 0);
  cold.started(800, LIMIT, LIMIT);
  t.equal(cold.more(2000), more);
});

/** The first eight take `firstMs`; then there are `inFlight` all the time, and one ends every `everyMs`. */
function compared(firstMs: number, inFlight: number, everyMs: number): ColdStart {
  const cold = full(0);
  end(cold, 0, firstMs, true);
  let now = firstMs + LIMIT;
  cold.started(now, inFlight, inFlight);
  while (!cold.isOver(now)) {
    now += everyMs;
    cold.ended(now, 0, undefined, true);
    cold.started(now, inFlight, inFlight);
    if (now > 1e6) throw new Error("it is never over");
  }
  return cold;
}

t.test("what many take, by Little's law, stands beside what the first ones took", async (t) => {
  // 32 in flight, one every 12.5 ms: 400 ms each.
  const found = compared(200, 32, 12.5).compared(1000);
  t.equal(found?.first.limit, 4, "the mean of 1 to 7");
  t.equal(found?.first.mean, 200);
  t.equal(found?.later.limit, 32);
  t.ok(Math.abs((found?.later.mean ?? 0) / 400 - 1) < 0.1, `${found?.later.mean}`);
  t.ok((found?.sigma ?? 0) > 0.1, "although all of them took the same");
});

t.test(
  "who answers soon is not opened to more, and then none is among the first any more",
  async (t) => {
    const cold = full(0);
    end(cold, 0, 400, true);
    t.equal(cold.more(1000), 0);
    t.notOk(cold.opened);
    t.equal(cold.first(1000, 1), 0);
  },
);

t.test("of first requests that all failed nothing is learnt", async (t) => {
  const cold = full(0);
  end(cold, 0, 1000, false);
  t.ok(cold.opened || cold.more(1008) > 0);
  cold.started(1010, 32, 32);
  for (let i = 1; i <= 8; i++) {
    cold.ended(1010 + i, 0, undefined, false);
    cold.started(1010 + i, 32, 32);
  }
  t.ok(cold.isOver(1018));
  t.equal(cold.compared(1018), undefined);
});

/** How many of those that came were refused, at 60 % of what the service can do. */
function refused(mean: number): { learns: number; told: number } {
  const cell: Cell = {
    ...{ workers: 50, time: { kind: "constant", mean }, load: 0.6 },
    ...{ ms: mean * 12, from: 0 },
  };
  const lost = (limiter: FixedLimit | AdaptiveLimiter): number =>
    new Run(cell, 5, () => limiter).play().lost.ranks.length;
  return {
    learns: lost(new AdaptiveLimiter({ min: 1, max: 1000 })),
    told: lost(new FixedLimit(LIMIT)),
  };
}

t.test("a service that answers slowly is not held back at its start", async (t) => {
  for (const mean of [2000, 5000, 10_000]) {
    const { learns, told } = refused(mean);
    t.ok(learns <= 5, `${mean} ms: ${learns}`);
    t.ok(told > 100, `with ${LIMIT} let through it would be ${told}`);
  }
});

t.test("a flood at the start of a slow service is found out with the first answers", async (t) => {
  for (const seed of [1, 2, 3, 4, 5, 6]) {
    const cell: Cell = {
      ...{ workers: 16, time: { kind: "constant", mean: 1000 }, load: 10 },
      ...{ ms: 20_000, from: 0 },
    };
    const adaptive = new AdaptiveLimiter({ min: 1, max: 1000 });
    let [most, then] = [0, 0];
    new Run(cell, seed, () => adaptive).play((now) => {
      most = Math.max(most, adaptive.hold);
      if (now <= 10_000) then = adaptive.hold;
    });
    t.ok(most <= 120, `${seed}: ${most} at most`);
    t.ok(then <= 32, `${seed}: ${then} after ten seconds`);
  }
});
