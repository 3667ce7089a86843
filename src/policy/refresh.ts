// When a name is resolved again.
//
//   answered      clamp(TTL, min, max), or max where no TTL is known
//   failed        1 s, 2 s, 4 s ... 30 s, with each failure in a row
//
// From both, chance takes up to a fifth, so that sidecars that began together do not ask together; what
// is left is never below `min`, or 1 s.

/** Times in milliseconds; `min` at most `max`. */
export interface RefreshSettings {
  readonly min: number;
  readonly max: number;
}

const RETRY: RefreshSettings = { min: 1000, max: 30_000 };
const JITTER = 0.2;

/** Milliseconds to the next time after an answer; `chance` is in [0, 1). */
export function refreshDelay(
  { min, max }: RefreshSettings,
  ttlMs: number | undefined,
  chance: number,
): number {
  return spread(Math.min(max, ttlMs ?? max), min, chance);
}

/** Milliseconds to the next time after `failures` in a row, at least 1; `chance` is in [0, 1). */
export function retryDelay(failures: number, chance: number): number {
  return spread(Math.min(RETRY.max, RETRY.min * 2 ** (failures - 1)), RETRY.min, chance);
}

function spread(delay: number, least: number, chance: number): number {
  return Math.max(least, delay * (1 - JITTER * chance));
}
