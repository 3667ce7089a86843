// The retry budget, counted a second time and in another way: by the second, without forgetting.
import type { Budget } from "../../src/policy/budget.ts";
import type { Audit } from "./audit.ts";

const WINDOW_S = 10;

/** Watches a budget from now on; nothing was counted yet. */
export function watchBudget(budget: Budget, audit: Audit): void {
  const requests: number[] = [];
  const retries: number[] = [];
  const [count, spend] = [budget.count.bind(budget), budget.spend.bind(budget)];
  const { percent, minimumPerSecond } = budget.settings;
  budget.count = (now) => {
    count(now);
    add(requests, now);
  };
  budget.spend = (now) => {
    spend(now);
    add(retries, now);
    const [asked, again] = [lately(requests, now), lately(retries, now)];
    audit.holds(
      again <= Math.max((percent * asked) / 100, minimumPerSecond * WINDOW_S),
      "retries stay within their budget",
      () => `${again} retries of ${asked} requests in ${WINDOW_S} s`,
    );
  };
}

function add(seconds: number[], now: number): void {
  const second = Math.floor(now / 1000);
  seconds[second] = (seconds[second] ?? 0) + 1;
}

function lately(seconds: readonly number[], now: number): number {
  const last = Math.floor(now / 1000);
  let sum = 0;
  for (let second = Math.max(0, last - WINDOW_S + 1); second <= last; second++) {
    sum += seconds[second] ?? 0;
  }
  return sum;
}
