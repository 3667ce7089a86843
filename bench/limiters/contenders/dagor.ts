// A threshold among the levels of what matters, moved by how long requests wait within the service.
//
//   each 1 s or 2000 requests: the mean wait is above 20 ms     admitted <- 0.95 * what was admitted
//                              else                             admitted <- that + 0.01 * what came
//   the threshold is the level up to which the histogram of arrivals comes to that
//
// Zhou et al., "Overload Control for Scaling WeChat Microservices", SoCC 2018: classes x 128 levels of users.
// A proxy does not see how long requests wait within the service: this one is told the mean time of work.
import { cohortOf } from "../../../src/policy/criticality.ts";
import type { Sample } from "../../../src/policy/slots.ts";
import type { Ticket } from "../../../src/policy/ticket.ts";
import { type Gate, meanOf } from "../../../test/sim/crowd/crowd.ts";
import type { Contender } from "../contender.ts";

const [WINDOW_MS, WINDOW, WAIT_MS] = [1000, 2000, 20];
const [DOWN, UP] = [0.05, 0.01];
const COHORTS = 128;
const LEVELS = 4 * COHORTS;

class Dagor implements Gate {
  readonly #workMs: number;
  /** Those below it are let through. */
  threshold = LEVELS;
  #arrivals = new Float64Array(LEVELS);
  #came = 0;
  #admitted = 0;
  #took = 0;
  #done = 0;
  #since = 0;

  constructor(workMs: number) {
    this.#workMs = workMs;
  }

  enter({ rank, caller }: Ticket, now: number): ReturnType<Gate["enter"]> {
    const level = rank * COHORTS + cohortOf(caller, 0);
    this.#came++;
    this.#arrivals[level] = (this.#arrivals[level] as number) + 1;
    const admitted = level < this.threshold;
    if (admitted) this.#admitted++;
    if (this.#came >= WINDOW) this.#turn(now);
    return admitted ? "granted" : "shed_priority";
  }

  settle(_ticket: Ticket, { latencyMs }: Sample): void {
    this.#took += latencyMs;
    this.#done++;
  }

  tick(now: number): void {
    if (now - this.#since >= WINDOW_MS) this.#turn(now);
  }

  #turn(now: number): void {
    const overloaded = this.#done > 0 && this.#took / this.#done - this.#workMs > WAIT_MS;
    if (overloaded) this.#lower(this.#admitted * (1 - DOWN));
    else this.#raise(this.#admitted + this.#came * UP);
    this.#arrivals = new Float64Array(LEVELS);
    [this.#came, this.#admitted, this.#took, this.#done] = [0, 0, 0, 0];
    this.#since = now;
  }

  #lower(wanted: number): void {
    let sum = this.#admitted;
    while (sum > wanted && this.threshold > 0) sum -= this.#arrivals[--this.threshold] as number;
  }

  #raise(wanted: number): void {
    let sum = this.#admitted;
    while (sum < wanted && this.threshold < LEVELS)
      sum += this.#arrivals[this.threshold++] as number;
  }
}

export const dagor: Contender = {
  name: "dagor",
  source: "Zhou et al., SoCC 2018; told the mean time of work",
  make: ({ time }) => new Dagor(meanOf(time)),
};
