// Which of several endpoints: two are drawn, the lighter one is taken.
//
// Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 1996: the longest queue grows
// like log log n, with no view of the whole and no herd towards the one that looked best.

/** Something that can be chosen. */
export interface Loaded {
  /** What one more request would weigh on it at `now`; only the order matters. */
  cost(now: number): number;
}

/** One of `candidates`; undefined when there is none. `random` gives numbers in [0, 1). */
export function lighter<T extends Loaded>(
  candidates: readonly T[],
  now: number,
  random: () => number,
): T | undefined {
  if (candidates.length < 2) return candidates[0];
  const first = Math.floor(random() * candidates.length);
  const step = 1 + Math.floor(random() * (candidates.length - 1));
  const a = candidates[first];
  const b = candidates[(first + step) % candidates.length];
  return a === undefined || b === undefined || a.cost(now) <= b.cost(now) ? a : b;
}
