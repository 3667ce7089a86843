// How much of its traffic something gets that has just come back.
//
//   share = elapsed / ramp,  at least 1/100, at most 1
//
// An instance that comes back is cold: caches are empty, code is not compiled, pools are not filled.
// Its whole share at once would be the herd that fells it again. With a ramp of ten seconds the first
// second brings a twentieth of its share on average, and never more than a tenth.

/** How long it takes where no breaker says so, in milliseconds. */
export const RAMP_MS = 10_000;
/** Without any traffic at all nothing would ever warm up. */
const LEAST = 0.01;

/**
 * The share, in (0, 1], that something back since `since` gets at `now`; all in milliseconds.
 * A ramp of 0 gives everything at once.
 */
export function rampShare(since: number, now: number, rampMs: number): number {
  const elapsed = now - since;
  return elapsed >= rampMs ? 1 : Math.max(LEAST, elapsed / rampMs);
}
