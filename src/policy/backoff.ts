// How long to wait before a retry.
//
//   uniform in [0, min(max, base * 2^n)),   n = 0 for the first retry
//
// "Full Jitter" of Brooker, "Exponential Backoff And Jitter", AWS Architecture Blog, 2015: of the ways
// to spread callers that failed together it makes the fewest calls.

/** What the config says of it, in milliseconds. */
export interface BackoffSettings {
  readonly base: number;
  readonly max: number;
}

/** Milliseconds before the next try, when there were `retries` already; `chance` is in [0, 1). */
export function backoff({ base, max }: BackoffSettings, retries: number, chance: number): number {
  return chance * Math.min(max, base * 2 ** retries);
}
