// The median time of answers against the same when at most three were in flight.
//
//   g = clamp(1.25 * minRTT / p50, 0.5, 2);   L <- clamp(L g + sqrt(L g), 3, 1000), every 100 ms
//   minRTT: the median of 50 answers with L = 3, anew every 60 s and up to 15 % later by chance, and when L
//   was 3 five times in a row
//
// Envoy, adaptive_concurrency, gradient controller: its defaults, and the intervals of its documentation.
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
import { Stream } from "../../../test/sim/chance.ts";
import type { Contender } from "../contender.ts";

const [MIN, MAX] = [3, 1000];
const [BUFFER, ENOUGH, IN_A_ROW] = [1.25, 50, 5];
const [UPDATE_MS, MEASURE_MS, JITTER] = [100, 60_000, 0.15];

class Envoy implements Limiter {
  readonly settled = true;
  limit = MIN;
  #measuring = true;
  #before = MIN;
  #since = 0;
  #least = 0;
  #atLeast = 0;
  #times: number[] = [];
  #updateAt = UPDATE_MS;
  #measureAt = Number.POSITIVE_INFINITY;
  readonly #chance = new Stream(1, "envoy");

  get hold(): number {
    return this.#measuring ? this.#before : this.limit;
  }

  started(): number {
    return 0;
  }

  ended(now: number, _stamp: number, sample: Sample | undefined): void {
    if (sample === undefined || sample.sentAt < this.#since) return;
    this.#times.push(sample.latencyMs);
    if (!this.#measuring || this.#times.length < ENOUGH) return;
    this.#least = this.#median();
    this.#measuring = false;
    this.limit = this.#before;
    this.#measureAt = now + MEASURE_MS * (1 + JITTER * this.#chance.next());
    this.#updateAt = now + UPDATE_MS;
  }

  tick(now: number): void {
    if (this.#measuring) return;
    if (now >= this.#measureAt) this.#measure(now);
    else if (now >= this.#updateAt) {
      this.#updateAt = now + UPDATE_MS;
      if (this.#times.length > 0) this.#update(now);
    }
  }

  #update(now: number): void {
    const gradient = Math.min(2, Math.max(0.5, (BUFFER * this.#least) / this.#median()));
    const limit = this.limit * gradient;
    const next = Math.min(MAX, Math.max(MIN, Math.floor(limit + Math.sqrt(limit))));
    this.#atLeast = next === MIN && this.limit === MIN ? this.#atLeast + 1 : 0;
    this.limit = next;
    if (this.#atLeast >= IN_A_ROW) this.#measure(now);
  }

  #measure(now: number): void {
    this.#measuring = true;
    this.#before = this.limit;
    this.limit = MIN;
    this.#since = now;
    this.#atLeast = 0;
    this.#times = [];
  }

  #median(): number {
    const times = this.#times.sort((a, b) => a - b);
    this.#times = [];
    return times[Math.floor(times.length / 2)] ?? Number.NaN;
  }
}

export const envoy: Contender = {
  name: "envoy",
  source: "Envoy adaptive_concurrency, gradient controller",
  make: () => new Envoy(),
};
