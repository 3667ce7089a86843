// How many endpoints breakers leave in use, whatever their calls come to: `minimumHealthy` primaries, unless
// a backup is there.
//
//   to trip    it takes so many others that carry their traffic, on trial or not does not matter to them
//   to stay    open: where fewer primaries can take a request, because one went down or is drained, say,
//              and no backup can, the one that has waited longest is tried at once; likewise where those
//              that can would have tripped if they had not been the last
import type { Endpoint, Unusable } from "./endpoint.ts";

/** The endpoints of a cluster. */
export interface Tiers {
  readonly primaries: readonly Endpoint[];
  readonly backups: readonly Endpoint[];
}

/** One that is full is well: that is over with its next response, and no reason to leave it. */
export function isWell(why: Unusable | undefined): boolean {
  return why === undefined || why === "full";
}

/** May the breaker of `endpoint` trip? Those of backups always may. */
export function mayTrip(
  endpoint: Endpoint,
  { primaries, backups }: Tiers,
  minimum: number,
  now: number,
): boolean {
  const others = (tier: readonly Endpoint[]): number =>
    tier.filter((other) => other !== endpoint && other.carries(now)).length;
  if (endpoint.tier === "backup") return true;
  return others(primaries) >= minimum || others(backups) > 0;
}

/** Sees to it that there are `minimum` primaries, or a backup, to be asked, as far as breakers go. */
export function uphold({ primaries, backups }: Tiers, minimum: number, now: number): void {
  const used = primaries.filter((endpoint) => isWell(endpoint.unusable(now)));
  const good = used.filter(({ breaker }) => breaker?.mustStay !== true).length;
  if (good >= minimum || backups.some((endpoint) => isWell(endpoint.unusable(now)))) return;
  const failing = used.length >= minimum;
  const waiting = [...primaries, ...backups].filter((endpoint) => endpoint.waits(now));
  const since = ({ breaker }: Endpoint): number => breaker?.last?.at ?? 0;
  waiting.toSorted((a, b) => since(a) - since(b))[0]?.breaker?.hasten(now, failing);
}
