// A config is read by many and changed by nobody.
import type { Frozen } from "./schema.ts";

/** Freezes `value` and everything in it. */
export function freeze<T>(value: T): Frozen<T>;
export function freeze(value: unknown): unknown {
  if (typeof value !== "object" || value === null) return value;
  for (const member of Object.values(value)) freeze(member);
  return Object.freeze(value);
}
