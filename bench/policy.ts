// How many nanoseconds does a decision take: breaker, window, budget, balance; and opossum in their place?
import CircuitBreaker from "opossum";
import { lighter } from "../src/policy/balance.ts";
import { Breaker } from "../src/policy/breaker.ts";
import { Budget } from "../src/policy/budget.ts";
import { Window } from "../src/policy/window.ts";
import { type Operation, timeAll } from "./harness/nano.ts";
import type { Options } from "./harness/options.ts";

/** Time goes on by this much with every call: a thousand of them a second. */
const STEP_MS = 1;

/** Prints the table; throws when a policy that is timed decides what it should not. */
export function run(options: Options): Promise<number> {
  const operations = [
    calling("breaker: a call that succeeds", "success"),
    calling("breaker: a call that fails", "failure"),
    refused(),
    recording(),
    budgeting(),
    balancing("balance: of 3, alike", [100, 100, 100]),
    balancing("balance: of 3, by weight", [100, 100, 10]),
    awaiting(),
    firing("opossum: a call that succeeds", true, { rollingPercentilesEnabled: true }),
    firing("opossum: a call that fails, no percentiles", false, {
      rollingPercentilesEnabled: false,
    }),
    firing("opossum: a call that fails, after 1000", false, {}, 1000),
    firing("opossum: a call that fails, after 10000", false, {}, 10_000),
    rejecting(),
  ];
  return timeAll("policy", operations, options);
}

/** A breaker that never trips by itself. */
function breaker(): Breaker {
  const settings = {
    consecutiveFailures: Number.POSITIVE_INFINITY,
    failureRate: { threshold: 1, window: 10_000, minimumRequests: Number.POSITIVE_INFINITY },
    slowCalls: { threshold: 1, slowerThan: 5000 },
    open: { base: 1000, max: 60_000, jitter: 0.5 },
    trials: 5,
    trialTimeout: 15_000,
    ramp: 10_000,
  };
  return new Breaker(settings, {
    random: () => 0.5,
    mayTrip: () => true,
    changed: () => {},
    stood: () => 0,
  });
}

function calling(name: string, verdict: "success" | "failure"): Operation {
  const subject = breaker();
  let now = 0;
  return {
    name,
    work() {
      now += STEP_MS;
      if (!subject.allows(now)) throw new Error(`${name}: it is open`);
      const grant = subject.enter(now);
      subject.settle(grant, verdict, now, 3);
      return grant;
    },
  };
}

function refused(): Operation {
  const subject = breaker();
  subject.forceOpen(0, Number.POSITIVE_INFINITY);
  let now = 0;
  return {
    name: "breaker: open, no call",
    work() {
      now += STEP_MS;
      if (subject.allows(now)) throw new Error("the open breaker lets a call through");
      return 1;
    },
  };
}

function recording(): Operation {
  const subject = new Window(10_000);
  let now = 0;
  return {
    name: "window: record",
    work() {
      now += STEP_MS;
      subject.record(now, false, false);
      return subject.calls;
    },
  };
}

function budgeting(): Operation {
  const subject = new Budget({ percent: 20, minimumPerSecond: 3 });
  let now = 0;
  return {
    name: "retry budget: count, ask, spend",
    work() {
      now += STEP_MS;
      subject.count(now);
      const left = subject.remaining(now);
      if (left > 0) subject.spend(now);
      return left;
    },
  };
}

function balancing(name: string, weights: readonly number[]): Operation {
  const all = weights.map((weight, load) => ({ weight, load, cost: () => load }));
  // Chance without its own cost: any sequence that is spread evenly will do.
  let chance = 0;
  const random = (): number => {
    chance = (chance + 0.618033988749895) % 1;
    return chance;
  };
  return { name, work: () => lighter(all, 0, random)?.load ?? Number.NaN };
}

const ok = async (): Promise<number> => 1;
const failing = async (): Promise<number> => {
  throw FAILURE;
};
/** Made once: what a stack trace costs is not the breaker's. */
const FAILURE = new Error("failed");

/** What every call through a promise costs, whatever is around it. */
function awaiting(): Operation {
  return {
    name: "await: a call that succeeds, no breaker",
    async many(times) {
      let sum = 0;
      for (let i = 0; i < times; i++) sum += await ok();
      return sum;
    },
  };
}

/** `before` calls are in its window already; the failures that are added hardly make it longer. */
function firing(
  name: string,
  well: boolean,
  options: CircuitBreaker.Options,
  before = 0,
): Operation {
  return {
    name,
    async many(times) {
      const action = well ? ok : failing;
      const subject = new CircuitBreaker(action, {
        // It opens above this share, and so never.
        errorThresholdPercentage: 100,
        ...options,
        ...(before > 0 && { status: filled(before) }),
      });
      let sum = 0;
      for (let i = 0; i < times; i++) sum += await subject.fire().catch(() => 2);
      if (!subject.closed) throw new Error(`${name}: it is open`);
      subject.shutdown();
      return sum;
    },
  };
}

function filled(calls: number): CircuitBreaker.Status {
  const latencyTimes = Array.from({ length: calls }, (_, index) => (index * 7919) % 100);
  const { stats } = CircuitBreaker.newStatus({});
  return CircuitBreaker.newStatus({
    stats: { ...stats, fires: calls, failures: calls, latencyTimes },
  });
}

function rejecting(): Operation {
  return {
    name: "opossum: open, no call",
    async many(times) {
      const subject = new CircuitBreaker(ok);
      subject.open();
      let sum = 0;
      for (let i = 0; i < times; i++) sum += await subject.fire().catch(() => 2);
      if (sum !== 2 * times) throw new Error("the open breaker lets a call through");
      subject.shutdown();
      return sum;
    },
  };
}
