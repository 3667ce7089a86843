// Options that the documentation of Tidegate promises and this version does not have yet. They are
// refused as such: an operator who asks for a limit must not believe that there is one.
import type { Path } from "./tree.ts";

/** By the mapping that they stand in; `*` is any item of a list. */
const UNAVAILABLE: Readonly<Record<string, readonly string[]>> = {
  "listeners.*": ["protocol"],
  "clusters.*": ["http2"],
};

/** Is `key` of the mapping at `path` an option of a later version? */
export function isUnavailable(path: Path, key: string): boolean {
  const place = path.map((step) => (typeof step === "number" ? "*" : String(step))).join(".");
  return UNAVAILABLE[place]?.includes(key) === true;
}

/** The sentence for an option, or a flag, whose feature is not built. */
export function unavailable(name: string): string {
  return `${name} is not available yet in this version; remove it`;
}
