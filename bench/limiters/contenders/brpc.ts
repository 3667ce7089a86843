// The most that was ever done, times the least time that answers took in the mean, and some more.
//
//   noload = ceil(minLat * peakQps)
//   L = ceil(noload * (2.4 - avg / minLat)) while avg < 1.4 minLat, else noload;   at least 40, starts with 40
//   windows of 1 s and 100 answers at least, or of 500 answers; peakQps: the most of 50 windows, sinking by
//   a tenth; minLat: sinking by a tenth
//   every 25 to 50 s, by chance, L is halved for 2 s, and minLat is taken anew
//
// Apache brpc, auto_concurrency_limiter.cpp with its defaults; answers are sampled every 0.1 ms at most.
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
import { Stream } from "../../../test/sim/chance.ts";
import type { Contender } from "../contender.ts";

const [MIN, SMOOTH, OVERLOAD] = [40, 0.9, 0.4];
const [WINDOW_MS, FEWEST, MOST, WINDOWS] = [1000, 100, 500, 50];
const [SAMPLING_MS, RESET_MS, RESET_FOR_MS] = [0.1, 50_000, 2000];

class Brpc implements Limiter {
  readonly settled = true;
  limit = MIN;
  readonly #chance = new Stream(1, "brpc");
  #resetAt = this.#next(0);
  #resetUntil = 0;
  #least = -1;
  #peak = -1;
  readonly #rates: number[] = [];
  #since: number | undefined;
  #sampledAt = Number.NEGATIVE_INFINITY;
  #count = 0;
  #sum = 0;
  #all = 0;

  get hold(): number {
    return this.limit;
  }

  started(): number {
    return 0;
  }

  ended(now: number, _stamp: number, sample: Sample | undefined): void {
    if (sample === undefined) return;
    this.#all++;
    if (now - this.#sampledAt < SAMPLING_MS) return;
    this.#sampledAt = now;
    this.#since ??= now;
    this.#count++;
    this.#sum += sample.latencyMs;
    const took = now - this.#since;
    if (this.#count < FEWEST || (took < WINDOW_MS && this.#count < MOST)) return;
    this.#update(now, this.#sum / this.#count, this.#all / took);
    [this.#since, this.#count, this.#sum, this.#all] = [now, 0, 0, 0];
  }

  tick(): void {}

  #next(now: number): number {
    return now + RESET_MS / 2 + this.#chance.between(0, RESET_MS / 2);
  }

  #update(now: number, mean: number, rate: number): void {
    if (this.#least <= 0) this.#least = mean;
    else if (mean < this.#least) this.#least = this.#least * SMOOTH + mean * (1 - SMOOTH);
    this.#rates.push(rate);
    if (this.#rates.length > WINDOWS) this.#rates.shift();
    const peak = Math.max(...this.#rates);
    this.#peak = peak >= this.#peak ? peak : this.#peak * SMOOTH + peak * (1 - SMOOTH);
    if (now < this.#resetUntil) return;
    this.limit = Math.max(MIN, now >= this.#resetAt ? this.#reset(now) : this.#wanted(mean));
  }

  #reset(now: number): number {
    this.#least = -1;
    this.#resetAt = this.#next(now);
    this.#resetUntil = now + RESET_FOR_MS;
    return Math.floor(this.limit / 2);
  }

  #wanted(mean: number): number {
    const unloaded = Math.ceil(this.#least * this.#peak);
    const slowness = mean / this.#least;
    if (slowness >= 1 + OVERLOAD) return unloaded;
    return Math.ceil(unloaded * (2 + OVERLOAD - slowness));
  }
}

export const brpc: Contender = {
  name: "brpc",
  source: "Apache brpc, auto concurrency limiter",
  make: () => new Brpc(),
};
