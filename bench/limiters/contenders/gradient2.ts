// The time of answers of late against the same over a long time.
//
//   g = clamp(1.5 * long / short, 0.5, 1);   L <- 0.8 L + 0.2 (g L + 4);   20 <= L <= 200, starts with 20
//   short: the mean of a window of 1 s, with 10 answers at least
//   long:  the mean of the first ten, then an exponential average of 600;
//          times 0.95 while it is more than twice the short one
//
// Netflix concurrency-limits, Gradient2Limit in a WindowedLimit, with their defaults. Nothing changes while
// less than half of L is in flight.
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
import type { Contender } from "../contender.ts";

const [INITIAL, MIN, MAX] = [20, 20, 200];
const [TOLERANCE, SMOOTHING, QUEUE] = [1.5, 0.2, 4];
const [WARM, AGE, DECAY] = [10, 600, 0.95];
const [WINDOW_MS, ENOUGH] = [1000, 10];

class Gradient2 implements Limiter {
  readonly settled = true;
  #estimated = INITIAL;
  #long = 0;
  #longCount = 0;
  #sum = 0;
  #count = 0;
  #most = 0;
  #due = WINDOW_MS;

  get limit(): number {
    return Math.floor(this.#estimated);
  }

  get hold(): number {
    return this.limit;
  }

  started(_now: number, inFlight: number): number {
    return inFlight;
  }

  ended(now: number, inFlight: number, sample: Sample | undefined): void {
    if (sample === undefined) return;
    this.#sum += sample.latencyMs;
    this.#count++;
    this.#most = Math.max(this.#most, inFlight);
    if (now < this.#due || this.#count < ENOUGH) return;
    this.#update(this.#sum / this.#count, this.#most);
    [this.#sum, this.#count, this.#most] = [0, 0, 0];
    this.#due = now + WINDOW_MS;
  }

  tick(): void {}

  #update(short: number, inFlight: number): void {
    const share = this.#longCount < WARM ? 1 / ++this.#longCount : 2 / (AGE + 1);
    this.#long += (short - this.#long) * share;
    const long = this.#long;
    if (long > 2 * short) this.#long *= DECAY;
    if (inFlight < this.#estimated / 2) return;
    const gradient = Math.min(1, Math.max(0.5, (TOLERANCE * long) / short));
    const wanted = this.#estimated * gradient + QUEUE;
    const next = this.#estimated * (1 - SMOOTHING) + wanted * SMOOTHING;
    this.#estimated = Math.min(MAX, Math.max(MIN, next));
  }
}

export const gradient2: Contender = {
  name: "gradient2",
  source: "Netflix concurrency-limits, Gradient2Limit",
  make: () => new Gradient2(),
};
