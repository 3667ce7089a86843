// What clients saw, by the second of the answer.

/** How requests of one second ended; `keys` are statuses with their reasons, `gone` and `cut`. */
interface Second {
  readonly keys: Map<string, number>;
  readonly latencies: number[];
}

export class Tally {
  readonly #seconds: Second[] = [];

  add(now: number, key: string, latency: number): void {
    const second = Math.floor(now / 1000);
    let found = this.#seconds[second];
    if (found === undefined) {
      found = { keys: new Map(), latencies: [] };
      this.#seconds[second] = found;
    }
    found.keys.set(key, (found.keys.get(key) ?? 0) + 1);
    if (key === "200") found.latencies.push(latency);
  }

  /** How many ended between two seconds, the second one excluded: all, or those with a key that fits. */
  count(fits: RegExp = /^/, from = 0, to = Number.POSITIVE_INFINITY): number {
    let sum = 0;
    for (const { keys } of this.#between(from, to)) {
      for (const [key, count] of keys) if (fits.test(key)) sum += count;
    }
    return sum;
  }

  /** The time in milliseconds within which a share of the good answers came; 0 without any. */
  quantile(share: number, from = 0, to = Number.POSITIVE_INFINITY): number {
    const all = this.#between(from, to).flatMap(({ latencies }) => latencies);
    all.sort((a, b) => a - b);
    return all[Math.min(all.length - 1, Math.floor(share * all.length))] ?? 0;
  }

  /** How often each ending was seen, the most frequent first. */
  endings(): readonly (readonly [key: string, count: number])[] {
    const all = new Map<string, number>();
    for (const { keys } of this.#between(0, Number.POSITIVE_INFINITY)) {
      for (const [key, count] of keys) all.set(key, (all.get(key) ?? 0) + count);
    }
    return [...all].sort(([a, x], [b, y]) => y - x || (a < b ? -1 : 1));
  }

  #between(from: number, to: number): readonly Second[] {
    return this.#seconds.slice(from, to).filter((second) => second !== undefined);
  }
}
