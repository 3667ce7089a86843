// What a limiter has made of a scene, in figures.
import { capacityOf, meanOf, type Outcome, Run } from "../../test/sim/crowd/crowd.ts";
import type { Contender } from "./contender.ts";
import { PROTECTED_MS, patienceMs, type Scene, unloadedP99 } from "./scene.ts";

export const BIN_MS = 250;

export interface Score {
  /**
   * Work done in answers for which the client still waited, in parts of what the service can do. Counted in
   * work rather than in answers it does not depend on how much work those brought that were let through.
   */
  readonly goodput: number;
  /** Of all answers, in milliseconds; in parts of what requests take that meet nobody else. */
  readonly p99: number;
  /** The goodput of each quarter of a second since the start. */
  readonly bins: readonly number[];
  /** The share of protected requests that was answered in time; 1 where there are none. */
  readonly kept: number;
  /** Refused for good. */
  readonly refused: number;
}

/** Plays it with each of the seeds and puts the figures together. */
export function score(scene: Scene, seeds: readonly number[], make: Contender["make"]): Score {
  const { cell } = scene;
  const sum = new Sum(scene);
  for (const seed of seeds) sum.add(new Run(cell, seed, () => make(cell)).play());
  return sum.over(seeds.length);
}

class Sum {
  readonly #scene: Scene;
  readonly #unloaded: number;
  readonly #patience: number;
  readonly #tooks: Float64Array[] = [];
  readonly #bins: Float64Array;
  #work = 0;
  #kept = 0;
  #protected = 0;
  #refused = 0;

  constructor(scene: Scene) {
    this.#scene = scene;
    this.#unloaded = unloadedP99(scene.cell);
    this.#patience = patienceMs(scene.cell);
    this.#bins = new Float64Array(Math.ceil(scene.cell.ms / BIN_MS));
  }

  add(outcome: Outcome): void {
    const { cell, protects } = this.#scene;
    const { ends, tooks, works, ranks, callers, lost } = outcome;
    const first = ends.findIndex((end) => end >= cell.from);
    for (const [index, end] of ends.entries()) {
      const took = tooks[index] as number;
      if (took > this.#patience) continue;
      const work = works[index] as number;
      const bin = Math.floor(end / BIN_MS);
      this.#bins[bin] = (this.#bins[bin] as number) + work;
      if (end >= cell.from) this.#work += work;
    }
    if (first >= 0) this.#tooks.push(tooks.slice(first));
    this.#refused += lost.ranks.length;
    if (protects === undefined) return;
    for (let index = Math.max(0, first); index < ends.length; index++) {
      if (!protects(ranks[index] as number, callers[index] as number)) continue;
      this.#protected++;
      if ((tooks[index] as number) <= PROTECTED_MS) this.#kept++;
    }
    for (const [index, rank] of lost.ranks.entries()) {
      if (protects(rank, lost.callers[index] as number)) this.#protected++;
    }
  }

  over(seeds: number): Score {
    const { cell } = this.#scene;
    const able = capacityOf(cell) * meanOf(cell.time) * seeds;
    return {
      goodput: this.#work / (able * (cell.ms - cell.from)),
      p99: percentile(this.#tooks, 0.99) / this.#unloaded,
      bins: [...this.#bins].map((work) => work / (able * BIN_MS)),
      kept: this.#protected === 0 ? 1 : this.#kept / this.#protected,
      refused: this.#refused,
    };
  }
}

/** So much is enough for a share of them; Infinity where there are none. */
function percentile(parts: readonly Float64Array[], share: number): number {
  const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
  let place = 0;
  for (const part of parts) {
    all.set(part, place);
    place += part.length;
  }
  all.sort();
  return all[Math.floor(share * all.length)] ?? Number.POSITIVE_INFINITY;
}
