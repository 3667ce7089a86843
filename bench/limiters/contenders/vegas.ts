// TCP Vegas: what waits within the service, by the least time that an answer ever took.
//
//   q = ceil(L * (1 - rtt0 / rtt)),   l = max(1, floor(log10 L))
//   q <= l: L + 6 l      q < 3 l: L + l      q > 6 l: L - l
//   nothing while less than half of L is in flight; 1 <= L <= 1000; starts with 20
//   after 15 to 30 times L answers, by chance, rtt0 is what the next one takes
//
// Netflix concurrency-limits, VegasLimit with its defaults.
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
import { Stream } from "../../../test/sim/chance.ts";
import type { Contender } from "../contender.ts";

const [INITIAL, MAX] = [20, 1000];
const PROBE = 30;

class Vegas implements Limiter {
  readonly settled = true;
  #estimated = INITIAL;
  #least = 0;
  #count = 0;
  readonly #chance = new Stream(1, "vegas");
  #jitter = this.#chance.between(0.5, 1);

  get limit(): number {
    return Math.floor(this.#estimated);
  }

  get hold(): number {
    return this.limit;
  }

  started(_now: number, inFlight: number): number {
    return inFlight;
  }

  ended(_now: number, inFlight: number, sample: Sample | undefined): void {
    if (sample === undefined) return;
    const { latencyMs } = sample;
    this.#count++;
    if (this.#jitter * PROBE * this.#estimated <= this.#count) {
      this.#jitter = this.#chance.between(0.5, 1);
      this.#count = 0;
      this.#least = latencyMs;
    } else if (this.#least === 0 || latencyMs < this.#least) this.#least = latencyMs;
    else if (inFlight * 2 >= this.#estimated) this.#update(latencyMs);
  }

  tick(): void {}

  #update(latencyMs: number): void {
    const queued = Math.ceil(this.#estimated * (1 - this.#least / latencyMs));
    const unit = Math.max(1, Math.floor(Math.log10(this.limit)));
    let next = this.#estimated;
    if (queued <= unit) next += 6 * unit;
    else if (queued < 3 * unit) next += unit;
    else if (queued > 6 * unit) next -= unit;
    this.#estimated = Math.min(MAX, Math.max(1, next));
  }
}

export const vegas: Contender = {
  name: "vegas",
  source: "Netflix concurrency-limits, VegasLimit",
  make: () => new Vegas(),
};
