// No proxy at all: what the origin and the generator themselves cost. Its CPU is the origin's.
import type { Contender } from "../harness/contender.ts";

export const direct: Contender = {
  name: "direct",
  available: async () => undefined,
  start: async (origin) => ({ port: origin.port, pids: origin.pids, stop: async () => {} }),
};
