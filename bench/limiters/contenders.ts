// All who take part, in the order of the table.
import type { Contender } from "./contender.ts";
import { fixed } from "./contenders/fixed.ts";
import { none } from "./contenders/none.ts";
import { tidegate } from "./contenders/tidegate.ts";

export const CONTENDERS: readonly Contender[] = [tidegate, fixed, none];

/** Those with these names, separated by commas; throws when there is no such one. */
export function contendersOf(names: string): readonly Contender[] {
  return names.split(",").map((name) => {
    const found = CONTENDERS.find((each) => each.name === name);
    if (found !== undefined) return found;
    const all = CONTENDERS.map((each) => each.name).join(", ");
    throw new Error(`bench: no limiter is called ${name}; there are ${all}`);
  });
}
