// What backups work on beside the primaries, when those are fewer than they should be.
//
//   the limit is reached, some primaries are down, open, draining or not yet wholly back, others are well
//     -> what would wait or be refused goes to the backups, as long as they have room
//
// The limit is that of the primaries: what goes to backups does not count to it, nor does it learn from them.
// Where all primaries are in use and full it is the service that is too small, not sick: then the limit
// decides who is refused.
import type { Endpoint } from "./endpoint.ts";
import { isWell, type Tiers } from "./minimum.ts";

/** The requests that are at work at these endpoints. */
export function loadOf(endpoints: readonly Endpoint[]): number {
  return endpoints.reduce((sum, { load }) => sum + load, 0);
}

/**
 * How many more requests the backups would take now, which together work on `most` at once; `sent` were sent to
 * them so far, and have not ended, even if some of them have not begun.
 */
export function spare(
  { primaries, backups }: Tiers,
  most: number,
  sent: number,
  now: number,
): number {
  if (backups.length === 0) return 0;
  const well = primaries.filter((endpoint) => isWell(endpoint.unusable(now)));
  const isWhole = well.length === primaries.length && well.every((each) => each.share(now) === 1);
  if (well.length === 0 || isWhole) return 0;
  const able = backups.filter((backup) => backup.carries(now) && isWell(backup.unusable(now)));
  const capacity = able.reduce((sum, { load, room }) => sum + load + room, 0);
  return Math.max(0, Math.min(most, capacity) - Math.max(loadOf(backups), sent));
}
