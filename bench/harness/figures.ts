// The arithmetic of the figures: medians, ranges and ratios.

/** What the rounds of one figure say together. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

/** Median, least and greatest of `values`; throws when there are none. */
export function spread(values: readonly number[]): Spread {
  if (values.length === 0) throw new Error("figures: a spread needs at least one value");
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The middle value, or the mean of the two in the middle; throws when there are none. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const upper = sorted[Math.floor(sorted.length / 2)];
  const lower = sorted[Math.floor((sorted.length - 1) / 2)];
  if (upper === undefined || lower === undefined) {
    throw new Error("figures: a median needs at least one value");
  }
  return (lower + upper) / 2;
}

/**
 * The spread of `values[i] / base[i]`. Round i of both was measured one after the other, so that
 * what slows the machine for a minute slows both and leaves their ratio alone. Rounds that one
 * of the two lacks, or where the base is 0, count for nothing; undefined when none is left.
 */
export function pairedRatio(
  values: readonly number[],
  base: readonly number[],
): Spread | undefined {
  const ratios = values
    .map((value, round) => value / (base[round] ?? Number.NaN))
    .filter((ratio) => Number.isFinite(ratio));
  return ratios.length === 0 ? undefined : spread(ratios);
}
