// Chance of the simulated world: a stream of its own for every purpose, so that a new consumer does not
// shift what the others draw. A stream depends on the seed of the world and on its own name.
import type { Random } from "../../src/core/clock.ts";
import { Chance } from "../fuzz/chance.ts";

export class Stream implements Random {
  readonly #chance: Chance;
  readonly #name: string;
  #ids = 0;

  constructor(seed: number, name: string) {
    this.#chance = new Chance(mix(seed, name));
    this.#name = name;
  }

  /** A number in [0, 1). */
  next(): number {
    return this.#chance.next() / 2 ** 32;
  }

  id(): string {
    return `${this.#name}-${++this.#ids}`;
  }

  /** A whole number in [0, bound). */
  below(bound: number): number {
    return this.#chance.below(bound);
  }

  /** A number in [least, most). */
  between(least: number, most: number): number {
    return least + (most - least) * this.next();
  }

  pick<T>(items: readonly T[]): T {
    return this.#chance.pick(items);
  }

  exponential(mean: number): number {
    return -mean * Math.log(1 - this.next());
  }

  /** Normal, by Box and Muller; one of the two. */
  normal(): number {
    const radius = Math.sqrt(-2 * Math.log(1 - this.next()));
    return radius * Math.cos(2 * Math.PI * this.next());
  }
}

/** How long something takes, in milliseconds; `mean` is the mean of all but the bimodal one. */
export type Duration =
  | { readonly kind: "constant"; readonly mean: number }
  | { readonly kind: "exponential"; readonly mean: number }
  | { readonly kind: "lognormal"; readonly mean: number; readonly sigma: number }
  /** `share` of them take `long`. */
  | {
      readonly kind: "bimodal";
      readonly short: number;
      readonly long: number;
      readonly share: number;
    };

/** One of them. */
export function draw(duration: Duration, chance: Stream): number {
  switch (duration.kind) {
    case "constant":
      return duration.mean;
    case "exponential":
      return chance.exponential(duration.mean);
    case "lognormal": {
      const { mean, sigma } = duration;
      return mean * Math.exp(sigma * chance.normal() - (sigma * sigma) / 2);
    }
    case "bimodal":
      return chance.next() < duration.share ? duration.long : duration.short;
  }
}

/** FNV-1a over the name, begun with the seed. */
function mix(seed: number, name: string): number {
  let hash = (seed ^ 0x811c9dc5) >>> 0;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}
