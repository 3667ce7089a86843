// Which of several endpoints: two are drawn, the lighter one is taken.
//
// Mitzenmacher, "The Power of Two Choices in Randomized Load Balancing", 1996: the longest queue grows
// like log log n, with no view of the whole and no herd towards the one that looked best.
//
// Where weights differ, each draw takes a candidate with a probability of weight / sum of weights, and may
// take the same one twice: among equally busy ones the shares are those of the weights, and however
// quick one of two is, weight p of the whole brings it between p^2 and 1 - (1 - p)^2 of the requests.

/** Something that can be chosen. */
export interface Loaded {
  /** How many requests it is to get in proportion to the others; above 0. */
  readonly weight: number;
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
  const first = candidates[0]?.weight;
  for (const { weight } of candidates) {
    if (weight !== first) return lighterByWeight(candidates, now, random);
  }
  const at = Math.floor(random() * candidates.length);
  const step = 1 + Math.floor(random() * (candidates.length - 1));
  return better(candidates[at], candidates[(at + step) % candidates.length], now);
}

function lighterByWeight<T extends Loaded>(
  candidates: readonly T[],
  now: number,
  random: () => number,
): T | undefined {
  let sum = 0;
  for (const { weight } of candidates) sum += weight;
  const first = drawn(candidates, random() * sum);
  return better(first, drawn(candidates, random() * sum), now);
}

/** The candidate that `point`, in [0, sum of weights), falls on. */
function drawn<T extends Loaded>(candidates: readonly T[], point: number): T | undefined {
  let left = point;
  for (const candidate of candidates) {
    left -= candidate.weight;
    if (left < 0) return candidate;
  }
  // What rounding leaves over is the last one's.
  return candidates.at(-1);
}

function better<T extends Loaded>(a: T | undefined, b: T | undefined, now: number): T | undefined {
  return a === undefined || b === undefined || a.cost(now) <= b.cost(now) ? a : b;
}
