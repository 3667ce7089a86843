// What the link could carry, after TCP BBR: the most that was ever done, times the least time it took.
//
//   L = floor(maxPass * minRt * 10 / 1000 + 0.5),   over 10 s in buckets of 100 ms
//   maxPass: the most answers of a bucket; minRt: the least mean time of a bucket, whole milliseconds
//
// go-kratos/aegis, ratelimit/bbr, as in Alibaba's Sentinel: a request is refused when more than L are in
// flight, and more than one. Its gate, that the CPU is above 80 %, is taken for open: a proxy does not see
// the CPU of its service, and with the gate shut this is no limiter at all.
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
import type { Contender } from "../contender.ts";

const [BUCKET_MS, BUCKETS] = [100, 100];
const PER_SECOND = 1000 / BUCKET_MS;

interface Bucket {
  number: number;
  count: number;
  sum: number;
}

class Bbr implements Limiter {
  readonly settled = true;
  limit = 2;
  readonly #buckets: Bucket[] = [];
  #at: Bucket = { number: 0, count: 0, sum: 0 };

  get hold(): number {
    return this.limit;
  }

  started(): number {
    return 0;
  }

  ended(now: number, _stamp: number, sample: Sample | undefined): void {
    if (sample === undefined) return;
    this.#turn(now);
    this.#at.count++;
    this.#at.sum += Math.ceil(sample.latencyMs);
  }

  tick(now: number): void {
    this.#turn(now);
  }

  /** The bucket of now does not count before it is over. */
  #turn(now: number): void {
    const number = Math.floor(now / BUCKET_MS);
    if (number === this.#at.number) return;
    this.#buckets.push(this.#at);
    this.#at = { number, count: 0, sum: 0 };
    while ((this.#buckets[0]?.number ?? number) <= number - BUCKETS) this.#buckets.shift();
    const passed = this.#buckets.filter(({ count }) => count > 0);
    const most = Math.max(1, ...passed.map(({ count }) => count));
    const least = Math.ceil(Math.min(...passed.map(({ count, sum }) => sum / count)));
    // More than L, and more than one: so one more than L may be in flight, and two at least.
    const limit = Math.floor((most * least * PER_SECOND) / 1000 + 0.5);
    if (passed.length > 0) this.limit = Math.max(2, limit + 1);
  }
}

export const bbr: Contender = {
  name: "bbr",
  source: "go-kratos/aegis and Alibaba Sentinel, CPU gate open",
  make: () => new Bbr(),
};
