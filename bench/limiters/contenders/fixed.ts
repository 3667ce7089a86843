// A limit that somebody knew: the workers, and a little for those that are about to be free.
import { FixedLimit } from "../../../src/policy/slots.ts";
import type { Contender } from "../contender.ts";
import { kneeOf } from "../scene.ts";

export const fixed: Contender = {
  name: "fixed",
  source: "told: the knee K and sqrt(K) / 2 more from 4 on",
  make(cell) {
    const knee = kneeOf(cell);
    return new FixedLimit(Math.ceil(knee + (knee < 4 ? 0 : Math.sqrt(knee) / 2)));
  },
};
