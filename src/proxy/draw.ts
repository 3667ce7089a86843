// One endpoint of a tier for a request.
import { lighter } from "../policy/balance.ts";
import type { Spill } from "./clustermeter.ts";
import type { Endpoint } from "./endpoint.ts";

/** What a request says of itself when it wants an endpoint. */
export interface Visit {
  /** Where it has been in vain. */
  readonly visited: readonly Endpoint[];
  /** Does it go to a backup, because the primaries that are left have all that they may have? */
  readonly spills: boolean;
  /** Why it went to a backup the last time; undefined when it did not. */
  left: Spill | undefined;
}

/** The lighter of two that may be asked, none of `tried` while there is another one; undefined when none may. */
export function draw(
  tier: readonly Endpoint[],
  tried: readonly Endpoint[],
  now: number,
  chance: () => number,
): Endpoint | undefined {
  const [only] = tier;
  if (tier.length === 1) return only?.unusable(now) === undefined ? only : undefined;
  const able = tier.filter((endpoint) => endpoint.unusable(now) === undefined);
  const fresh = tried.length === 0 ? able : able.filter((endpoint) => !tried.includes(endpoint));
  return steadier(fresh.length > 0 ? fresh : able, now, chance);
}

/** What has just come back gives most of what it would get to those that have been here all along. */
function steadier(
  candidates: readonly Endpoint[],
  now: number,
  chance: () => number,
): Endpoint | undefined {
  const picked = lighter(candidates, now, chance);
  const share = picked?.share(now) ?? 1;
  if (share === 1 || chance() < share) return picked;
  const steady = candidates.filter((endpoint) => endpoint.share(now) === 1);
  return lighter(steady, now, chance) ?? picked;
}
