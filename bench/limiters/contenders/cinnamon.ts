// A queue by priority, a controller for who is refused, and Vegas for the limit.
//
//   each 500 ms in which the queue was never empty:
//     e = (let in - done - free slots) / came;   I <- I + 1.4 * 0.5 s * e;   refused share = 0.1 e + I
//   the threshold is the level to which the last 1000 arrivals come to what is let in
//   each 100 answers, with the median of their times, averaged over 5:
//     q = L * (1 - target / time);   q < 3 l: L + l;   q > 6 l: L - l;   l = max(1, log10 L)
//     target is the least such time; every 30 rounds it is taken anew, and L <- 0.9 L first where what is
//     in flight and what is done vary against one another
//
// Uber Engineering, "Cinnamon" (three articles, 2023), as far as they say: the code is not public. That the
// error is relative to what came, the rounds, and the 0.9 are choices of this file.
import { cohortOf } from "../../../src/policy/criticality.ts";
import type { Sample } from "../../../src/policy/slots.ts";
import type { Ticket } from "../../../src/policy/ticket.ts";
import type { Gate } from "../../../test/sim/crowd/crowd.ts";
import type { Contender } from "../contender.ts";
import { patienceMs } from "../scene.ts";
import { Average, Correlation, medianOf } from "../statistics.ts";

const COHORTS = 128;
const LEVELS = 4 * COHORTS;
const [ROUND_MS, KP, KI, RECENT] = [500, 0.1, 1.4, 1000];
const [INITIAL, MAX, ANSWERS, AGE, PAIRS, RESET, SHRINK] = [20, 10_000, 100, 5, 50, 30, 0.9];

class Rejector {
  threshold = LEVELS;
  #came = 0;
  #letIn = 0;
  #done = 0;
  #integral = 0;
  readonly #recent: number[] = [];

  admits(level: number): boolean {
    this.#recent[this.#came++ % RECENT] = level;
    if (level >= this.threshold) return false;
    this.#letIn++;
    return true;
  }

  done(): void {
    this.#done++;
  }

  turn(free: number, pressed: boolean): void {
    const error = (this.#letIn - this.#done - free) / Math.max(1, this.#came);
    this.#integral =
      pressed || this.#integral > 0
        ? clampShare(this.#integral + (KI * ROUND_MS * error) / 1000)
        : 0;
    const refused = this.#integral > 0 ? clampShare(this.#integral + KP * error) : 0;
    const levels = this.#recent.toSorted((a, b) => a - b);
    const place = Math.ceil(levels.length * (1 - refused));
    this.threshold = refused === 0 ? LEVELS : (levels[place] ?? LEVELS);
    [this.#came, this.#letIn, this.#done] = [0, 0, 0];
  }
}

class Tuner {
  limit = INITIAL;
  #times: number[] = [];
  #since = 0;
  #rounds = 0;
  #target = Number.POSITIVE_INFINITY;
  readonly #time = new Average(AGE, 1);
  readonly #together = new Correlation(PAIRS, AGE);

  add(latencyMs: number, inFlight: number, now: number): void {
    this.#times.push(latencyMs);
    if (this.#times.length < ANSWERS) return;
    const time = this.#time.add(medianOf(this.#times));
    const { value } = this.#together.add(inFlight, ANSWERS / Math.max(1, now - this.#since));
    [this.#times, this.#since] = [[], now];
    if (++this.#rounds % RESET === 0) {
      if (value < 0) this.limit = Math.max(1, Math.floor(this.limit * SHRINK));
      this.#target = time;
    }
    this.#target = Math.min(this.#target, time);
    this.#step(this.limit * (1 - this.#target / time), inFlight);
  }

  #step(queued: number, inFlight: number): void {
    const unit = Math.max(1, Math.floor(Math.log10(this.limit)));
    if (queued > 6 * unit) this.limit = Math.max(1, this.limit - unit);
    else if (queued < 3 * unit && 2 * inFlight >= this.limit)
      this.limit = Math.min(MAX, this.limit + unit);
  }
}

class Cinnamon implements Gate {
  readonly #patienceMs: number;
  readonly #rejector = new Rejector();
  readonly #tuner = new Tuner();
  readonly #lanes = new Map<number, Ticket[]>();
  #length = 0;
  #inFlight = 0;
  #emptied = true;
  #due = ROUND_MS;

  constructor(patience: number) {
    this.#patienceMs = patience;
  }

  enter(ticket: Ticket, now: number): ReturnType<Gate["enter"]> {
    const level = ticket.rank * COHORTS + cohortOf(ticket.caller, 0);
    if (!this.#rejector.admits(level)) return "shed_priority";
    if (this.#length === 0 && this.#inFlight < this.#tuner.limit) {
      this.#inFlight++;
      return "granted";
    }
    ticket.since = now;
    const lane = this.#lanes.get(level) ?? [];
    this.#lanes.set(level, lane);
    lane.push(ticket);
    this.#length++;
    return "queued";
  }

  settle(_ticket: Ticket, { latencyMs }: Sample, now: number): void {
    this.#tuner.add(latencyMs, this.#inFlight, now);
    this.#rejector.done();
    this.#inFlight--;
    this.#fill(now);
  }

  tick(now: number): void {
    this.#fill(now);
    if (now < this.#due) return;
    this.#due = now + ROUND_MS;
    for (const lane of this.#lanes.values()) this.#expire(lane, now);
    this.#rejector.turn(Math.max(0, this.#tuner.limit - this.#inFlight), !this.#emptied);
    this.#emptied = this.#length === 0;
  }

  #fill(now: number): void {
    while (this.#inFlight < this.#tuner.limit && this.#length > 0) {
      const level = Math.min(...this.#lanes.keys());
      const lane = this.#lanes.get(level) ?? [];
      this.#expire(lane, now);
      const next = lane.shift();
      if (lane.length === 0) this.#lanes.delete(level);
      if (next === undefined) continue;
      this.#length--;
      this.#inFlight++;
      next.waiter?.granted(now);
    }
    if (this.#length === 0) this.#emptied = true;
  }

  /** Those for whom the client does not wait any more. */
  #expire(lane: Ticket[], now: number): void {
    const first = lane.findIndex(({ since }) => now - since <= this.#patienceMs);
    const gone = lane.splice(0, first < 0 ? lane.length : first);
    this.#length -= gone.length;
    for (const each of gone) each.waiter?.refused("queue_timeout", now);
  }
}

function clampShare(share: number): number {
  return Math.min(0.99, Math.max(0, share));
}

export const cinnamon: Contender = {
  name: "cinnamon",
  source: "Uber, 2023, as far as published",
  make: (cell) => new Cinnamon(patienceMs(cell)),
};
