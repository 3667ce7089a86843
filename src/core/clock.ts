// The only file that touches real time or chance.
import { randomUUID } from "node:crypto";

/** Where the time comes from. A simulated world brings its own. */
export interface Clock {
  /** Monotonic milliseconds, with fractions; only differences mean anything. */
  now(): number;
  /** Milliseconds since 1970, for logs and `date` fields; may jump. */
  wall(): number;
}

/** Where chance comes from. A simulated world seeds its own. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** A UUID, version 4, for `x-request-id`. */
  id(): string;
}

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
};

export const systemRandom: Random = {
  next: () => Math.random(),
  id: () => randomUUID(),
};
