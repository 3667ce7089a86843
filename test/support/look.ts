// Waiting for what can only be asked for.
import { setTimeout as later } from "node:timers/promises";

/** Between two looks: they cost more than the wait is worth, and take the processor from what is waited for. */
const PAUSE_MS = 10;
const LOOKS = 10_000;

/** Looks until it holds; rejects with `what` when it has not after ten thousand looks. */
export async function lookUntil(holds: () => Promise<boolean>, what: string): Promise<void> {
  for (let looks = 0; looks < LOOKS; looks++) {
    if (await holds()) return;
    await later(PAUSE_MS);
  }
  throw new Error(`it never comes to this: ${what}`);
}
