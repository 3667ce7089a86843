// Vegas with the 90th percentile, and correlations against drifting upwards.
//
//   q = ceil(L * (1 - base / recent)),   l = max(1, floor(log10 L))
//   q > 6 l                                              L - l
//   full, and throughput falls with what is in flight    L - l     (correlation < 0; or < 0.3, or it hardly
//                                                                  varies, and times rise: correlation > 0.5)
//   q < 3 l                                              L + l
//   L > 5 * what was in flight                           L - l;    1 <= L <= 200, starts with 20
//   windows of 1 s and 50 answers; recent: the p90, median of 5, average of 5; base: average of 10;
//   correlations over 50 windows, none before the tenth or where either varies by less than 5 %
//   from 2 L to 3 L that wait, more and more are refused; none gives up waiting
//
// failsafe-go, adaptivelimiter with queueing and its defaults.
import type { Sample } from "../../../src/policy/slots.ts";
import type { Ticket } from "../../../src/policy/ticket.ts";
import { Stream } from "../../../test/sim/chance.ts";
import type { Gate } from "../../../test/sim/crowd/crowd.ts";
import type { Contender } from "../contender.ts";
import { Average, Correlation, medianOf } from "../statistics.ts";

const [INITIAL, MAX, FACTOR] = [20, 200, 5];
const [WINDOW_MS, ENOUGH, PERCENTILE, FILTER] = [1000, 50, 0.9, 5];
const [RECENT_AGE, BASE_AGE, WARM, PAIRS] = [5, 10, 10, 50];
const [REFUSE_FROM, REFUSE_TO] = [2, 3];

class Failsafe implements Gate {
  limit = INITIAL;
  #inFlight = 0;
  readonly #queue = new Set<Ticket>();
  readonly #chance = new Stream(1, "failsafe");
  #times: number[] = [];
  #least = Number.POSITIVE_INFINITY;
  #most = 0;
  #due = 0;
  #percentiles: number[] = [];
  readonly #recent = new Average(RECENT_AGE, WARM);
  readonly #base = new Average(BASE_AGE, WARM);
  readonly #throughputs = new Correlation(PAIRS, WARM);
  readonly #slowness = new Correlation(PAIRS, WARM);

  enter(ticket: Ticket): ReturnType<Gate["enter"]> {
    if (this.#inFlight < this.limit) {
      this.#take(ticket);
      return "granted";
    }
    const factor = this.#queue.size / this.limit;
    const chance = (factor - REFUSE_FROM) / (REFUSE_TO - REFUSE_FROM);
    if (chance > 0 && this.#chance.next() < chance) return "queue_full";
    this.#queue.add(ticket);
    return "queued";
  }

  settle({ stamp }: Ticket, { latencyMs }: Sample, now: number): void {
    this.#times.push(latencyMs);
    this.#least = Math.min(this.#least, latencyMs);
    this.#most = Math.max(this.#most, stamp);
    if (now > this.#due && this.#times.length >= ENOUGH) this.#look(now);
    this.#inFlight--;
    for (const next of this.#queue) {
      if (this.#inFlight >= this.limit) break;
      this.#queue.delete(next);
      this.#take(next);
      next.waiter?.granted(now);
    }
  }

  tick(): void {}

  #take(ticket: Ticket): void {
    ticket.stamp = ++this.#inFlight;
  }

  #look(now: number): void {
    const sorted = this.#times.sort((a, b) => a - b);
    this.#percentiles.push(sorted[Math.floor(PERCENTILE * sorted.length)] as number);
    this.#percentiles = this.#percentiles.slice(-FILTER);
    this.#update(this.#recent.add(medianOf(this.#percentiles)), this.#most);
    this.#due = now + Math.max(WINDOW_MS, 2 * this.#least);
    [this.#times, this.#least, this.#most] = [[], Number.POSITIVE_INFINITY, 0];
  }

  #update(recent: number, inFlight: number): void {
    const queued = Math.ceil(this.limit * (1 - this.#base.add(recent) / recent));
    const throughput = this.#throughputs.add(inFlight, inFlight / recent);
    const slowness = this.#slowness.add(inFlight, recent).value;
    const unit = Math.max(1, Math.floor(Math.log10(this.limit)));
    const weak = throughput.value < 0.3 || throughput.variation < 0.2;
    const drifts = throughput.value < 0 || (weak && slowness > 0.5);
    let next = this.limit;
    if (queued > 6 * unit || (this.#inFlight >= this.limit && drifts)) next -= unit;
    else if (queued < 3 * unit) next += unit;
    if (next > inFlight * FACTOR) next = this.limit - unit;
    this.limit = Math.min(MAX, Math.max(1, next));
  }
}

export const failsafe: Contender = {
  name: "failsafe",
  source: "failsafe-go, adaptive limiter with queueing",
  make: () => new Failsafe(),
};
