// No limit at all: everything is let through at once.
import type { Contender } from "../contender.ts";

export const none: Contender = {
  name: "none",
  source: "no proxy, or one that only forwards",
  make: () => ({ enter: () => "granted", settle: () => {}, tick: () => {} }),
};
