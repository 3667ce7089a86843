// Credits, which clients need to send: as many as keep the wait within the service at its target.
//
//   each round: d < dt: C <- C + max(1, 0.001 C)      else C <- C * max(0.5, 1 - 0.02 (d - dt) / dt)
//
// Cho et al., "Overload Control for us-scale RPCs with Breakwater", OSDI 2020. dt is 40 % of what is asked of
// 99 of 100 answers: twice what they take when nobody is met. A round is 10 ms, for a network is as nothing
// beside these services. Clients that have no credit wait in our queue; where the paper measures d in the
// server, this one is told the mean time of work.
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
import { meanOf } from "../../../test/sim/crowd/crowd.ts";
import type { Contender } from "../contender.ts";
import { unloadedP99 } from "../scene.ts";

const [INCREASE, DECREASE, LEAST_FACTOR] = [0.001, 0.02, 0.5];
const [TARGET, PROMISED] = [0.4, 2];
const INITIAL = 8;

class Breakwater implements Limiter {
  readonly settled = true;
  readonly #targetMs: number;
  readonly #workMs: number;
  #credits = INITIAL;
  #took = 0;
  #done = 0;

  constructor(targetMs: number, workMs: number) {
    this.#targetMs = targetMs;
    this.#workMs = workMs;
  }

  get limit(): number {
    return Math.floor(this.#credits);
  }

  get hold(): number {
    return this.limit;
  }

  started(): number {
    return 0;
  }

  ended(_now: number, _stamp: number, sample: Sample | undefined): void {
    if (sample === undefined) return;
    this.#took += sample.latencyMs;
    this.#done++;
  }

  tick(): void {
    if (this.#done === 0) return;
    const wait = this.#took / this.#done - this.#workMs;
    [this.#took, this.#done] = [0, 0];
    const beyond = (wait - this.#targetMs) / this.#targetMs;
    if (beyond < 0) this.#credits += Math.max(1, INCREASE * this.#credits);
    else this.#credits *= Math.max(LEAST_FACTOR, 1 - DECREASE * beyond);
    this.#credits = Math.min(100_000, Math.max(1, this.#credits));
  }
}

export const breakwater: Contender = {
  name: "breakwater",
  source: "Cho et al., OSDI 2020; told the mean time of work and its target",
  make: (cell) => new Breakwater(TARGET * PROMISED * unloadedP99(cell), meanOf(cell.time)),
};
