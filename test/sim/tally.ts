// What clients saw, by the second of the answer.

/** How long requests took that ended in one second, by how: statuses with their reasons, `gone` and `cut`. */
type Second = Map<string, number[]>;

const GOOD = /^200$/;

export class Tally {
  readonly #seconds: Second[] = [];

  add(now: number, key: string, latency: number): void {
    const second = Math.floor(now / 1000);
    const found = this.#seconds[second] ?? new Map<string, number[]>();
    this.#seconds[second] = found;
    const took = found.get(key);
    if (took === undefined) found.set(key, [latency]);
    else took.push(latency);
  }

  /** How many ended between two seconds, the second one excluded: all, or those with a key that fits. */
  count(fits: RegExp = /^/, from = 0, to = Number.POSITIVE_INFINITY): number {
    return this.#took(fits, from, to).length;
  }

  /** The time in milliseconds within which a share of the good answers came, or of others; 0 without any. */
  quantile(share: number, from = 0, to = Number.POSITIVE_INFINITY, fits = GOOD): number {
    const all = this.#took(fits, from, to);
    all.sort((a, b) => a - b);
    return all[Math.min(all.length - 1, Math.floor(share * all.length))] ?? 0;
  }

  /** How often each ending was seen, the most frequent first. */
  endings(): readonly (readonly [key: string, count: number])[] {
    const all = new Map<string, number>();
    for (const second of this.#between(0, Number.POSITIVE_INFINITY)) {
      for (const [key, { length }] of second) all.set(key, (all.get(key) ?? 0) + length);
    }
    return [...all].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  }

  #took(fits: RegExp, from: number, to: number): number[] {
    return this.#between(from, to).flatMap((second) =>
      Array.from(second, ([key, took]) => (fits.test(key) ? took : [])).flat(),
    );
  }

  #between(from: number, to: number): readonly Second[] {
    return this.#seconds.slice(from, to).filter((second) => second !== undefined);
  }
}
