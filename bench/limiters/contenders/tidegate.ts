// Ours, with the bounds of the config's default but for services of 2000 workers.
import { AdaptiveLimiter } from "../../../src/policy/adaptive.ts";
import type { Contender } from "../contender.ts";

export const tidegate: Contender = {
  name: "tidegate",
  source: "src/policy/adaptive.ts",
  make: () => new AdaptiveLimiter({ min: 1, max: 10_000 }),
};
