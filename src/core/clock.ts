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
  /** A UUID, version 4 in form, for `x-request-id`: unique, and no secret. */
  id(): string;
}

// The global is looked up through an accessor, each time.
const { performance } = globalThis;

export const systemClock: Clock = {
  now: () => performance.now(),
  wall: () => Date.now(),
};

export const systemRandom: Random = {
  next: () => Math.random(),
  id: nextId,
};

/** The last three digits of an id, counted through; the others are drawn anew with each round. */
const ENDS = Array.from({ length: 4096 }, (_, end) => end.toString(16).padStart(3, "0"));
let begin = "";
let end = ENDS.length;

function nextId(): string {
  if (end === ENDS.length) {
    begin = randomUUID().slice(0, -3);
    end = 0;
  }
  return begin + ENDS[end++];
}
