// Additive increase, multiplicative decrease.
//
//   an answer took more than 5 s, or was dropped     L <- 0.9 L
//   else, when more than half of L is in flight      L <- L + 1
//   20 <= L <= 200; starts with 20
//
// Netflix concurrency-limits, AIMDLimit with its defaults.
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
import type { Contender } from "../contender.ts";

const [INITIAL, MIN, MAX] = [20, 20, 200];
const [BACKOFF, TIMEOUT_MS] = [0.9, 5000];

class Aimd implements Limiter {
  readonly settled = true;
  limit = INITIAL;

  get hold(): number {
    return this.limit;
  }

  started(_now: number, inFlight: number): number {
    return inFlight;
  }

  ended(now: number, inFlight: number, sample: Sample | undefined): void {
    if (sample === undefined) return;
    if (!sample.ok || now - sample.sentAt > TIMEOUT_MS)
      this.limit = Math.floor(this.limit * BACKOFF);
    else if (inFlight * 2 >= this.limit) this.limit++;
    this.limit = Math.min(MAX, Math.max(MIN, this.limit));
  }

  tick(): void {}
}

export const aimd: Contender = {
  name: "aimd",
  source: "Netflix concurrency-limits, AIMDLimit",
  make: () => new Aimd(),
};
