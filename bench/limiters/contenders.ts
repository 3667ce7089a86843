// All who take part, in the order of the table.
import type { Contender } from "./contender.ts";
import { aimd } from "./contenders/aimd.ts";
import { bbr } from "./contenders/bbr.ts";
import { breakwater } from "./contenders/breakwater.ts";
import { brpc } from "./contenders/brpc.ts";
import { cinnamon } from "./contenders/cinnamon.ts";
import { codel } from "./contenders/codel.ts";
import { dagor } from "./contenders/dagor.ts";
import { envoy } from "./contenders/envoy.ts";
import { failsafe } from "./contenders/failsafe.ts";
import { fixed } from "./contenders/fixed.ts";
import { gradient2 } from "./contenders/gradient2.ts";
import { none } from "./contenders/none.ts";
import { throttle } from "./contenders/throttle.ts";
import { tidegate } from "./contenders/tidegate.ts";
import { vegas } from "./contenders/vegas.ts";

export const CONTENDERS: readonly Contender[] = [
  ...[tidegate, fixed, none],
  ...[aimd, vegas, gradient2, bbr, envoy, brpc, failsafe, cinnamon],
  ...[breakwater, dagor, codel, throttle],
];

/** Those with these names, separated by commas; throws when there is no such one. */
export function contendersOf(names: string): readonly Contender[] {
  return names.split(",").map((name) => {
    const found = CONTENDERS.find((each) => each.name === name);
    if (found !== undefined) return found;
    const all = CONTENDERS.map((each) => each.name).join(", ");
    throw new Error(`bench: no limiter is called ${name}; there are ${all}`);
  });
}
