// Who waits, and for how long: a queue before a limit that is told.
//
//   wait at most 100 ms, or 5 ms when the queue has not been empty within the last 100 ms
//   first come first served, but last come first served when it has not been empty for 100 ms
//
// Maurer, "Fail at Scale", ACM Queue 13(8), 2015: controlled delay, and adaptive LIFO, at Facebook. It says
// nothing of the limit, which is that of the contender who is told.
import type { Sample } from "../../../src/policy/slots.ts";
import type { Ticket } from "../../../src/policy/ticket.ts";
import type { Gate } from "../../../test/sim/crowd/crowd.ts";
import type { Contender } from "../contender.ts";
import { fixed } from "./fixed.ts";

const [INTERVAL_MS, TARGET_MS] = [100, 5];

class Codel implements Gate {
  readonly #limit: number;
  #inFlight = 0;
  #emptyAt = 0;
  /** The oldest first. */
  readonly #queue: Ticket[] = [];

  constructor(limit: number) {
    this.#limit = limit;
  }

  enter(ticket: Ticket, now: number): ReturnType<Gate["enter"]> {
    if (this.#queue.length === 0) {
      this.#emptyAt = now;
      if (this.#inFlight < this.#limit) {
        this.#inFlight++;
        return "granted";
      }
    }
    ticket.since = now;
    this.#queue.push(ticket);
    return "queued";
  }

  settle(_ticket: Ticket, _sample: Sample, now: number): void {
    this.#inFlight--;
    this.#expire(now);
    const standing = this.#stands(now);
    while (this.#inFlight < this.#limit) {
      const next = standing ? this.#queue.pop() : this.#queue.shift();
      if (next === undefined) break;
      this.#inFlight++;
      next.waiter?.granted(now);
    }
    if (this.#queue.length === 0) this.#emptyAt = now;
  }

  tick(now: number): void {
    this.#expire(now);
    if (this.#queue.length === 0) this.#emptyAt = now;
  }

  #stands(now: number): boolean {
    return now - this.#emptyAt > INTERVAL_MS;
  }

  #expire(now: number): void {
    const most = this.#stands(now) ? TARGET_MS : INTERVAL_MS;
    const first = this.#queue.findIndex(({ since }) => now - since <= most);
    const gone = this.#queue.splice(0, first < 0 ? this.#queue.length : first);
    for (const each of gone) each.waiter?.refused("queue_timeout", now);
  }
}

export const codel: Contender = {
  name: "codel",
  source: "Fail at Scale: CoDel and adaptive LIFO, limit told",
  make(cell) {
    const told = fixed.make(cell);
    return new Codel("limit" in told ? told.limit : 1);
  },
};
