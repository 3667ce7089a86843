// Who waits for a slot, by lanes: three for each class, the firm before the marginal, retries last.
//
//   CRITICAL_PLUS, CRITICAL        the oldest goes first: each is to be served within its budget
//   SHEDDABLE_PLUS, SHEDDABLE      the youngest goes first: under overload some are served at once, and
//                                  those that could no longer be served in time are the ones that give way
//
// While no more comes than can be done, the oldest goes first everywhere: a burst is over sooner than anybody's
// patience. Facebook, "Fail at Scale", ACM Queue 13(8), 2015, calls that adaptive LIFO. A lane is a list
// whose links are in the tickets: everything but `expired` is O(1) and allocates nothing.
import type { Ticket } from "./ticket.ts";

const LANES_OF_CLASS = 3;
const LANES = 4 * LANES_OF_CLASS;
const FIRST_SHEDDABLE = 2 * LANES_OF_CLASS;

/** The lane of a request. What is marginal gives way before what is firm, of the same class; retries first. */
export function laneOf(rank: number, marginal: boolean, retry: boolean): number {
  return rank * LANES_OF_CLASS + (retry ? 2 : marginal ? 1 : 0);
}

export function isCritical(lane: number): boolean {
  return lane < FIRST_SHEDDABLE;
}

/** Is it marginal, or a retry? */
export function isMarginal(lane: number): boolean {
  return lane % LANES_OF_CLASS > 0;
}

interface Lane {
  oldest: Ticket | undefined;
  youngest: Ticket | undefined;
}

export class Queue {
  readonly #lanes: readonly Lane[] = Array.from({ length: LANES }, () => ({
    oldest: undefined,
    youngest: undefined,
  }));
  length = 0;

  /** `ticket` waits from now on. */
  push(ticket: Ticket, lane: number): void {
    const { youngest } = this.#lane(lane);
    ticket.lane = lane;
    ticket.older = youngest;
    if (youngest === undefined) this.#lane(lane).oldest = ticket;
    else youngest.younger = ticket;
    this.#lane(lane).youngest = ticket;
    this.length++;
  }

  /** `ticket`, which waits here, does so no longer. */
  remove(ticket: Ticket): void {
    const { older, younger } = ticket;
    const lane = this.#lane(ticket.lane);
    if (older === undefined) lane.oldest = younger;
    else older.younger = younger;
    if (younger === undefined) lane.youngest = older;
    else younger.older = older;
    ticket.older = undefined;
    ticket.younger = undefined;
    this.length--;
  }

  /** Whose turn it is; it stays. While all is `calm` the oldest goes first in every lane. */
  next(calm: boolean): Ticket | undefined {
    if (this.length === 0) return undefined;
    for (let lane = 0; lane < LANES; lane++) {
      const { oldest, youngest } = this.#lane(lane);
      if (oldest !== undefined) return calm || isCritical(lane) ? oldest : youngest;
    }
    return undefined;
  }

  /** Who has to give way when there are too many: the oldest of the lowest lane; it stays. */
  get lowest(): Ticket | undefined {
    for (let lane = LANES - 1; lane >= 0; lane--) {
      const { oldest } = this.#lane(lane);
      if (oldest !== undefined) return oldest;
    }
    return undefined;
  }

  /** Those for whom `over` holds, the oldest of each lane first; they stay. */
  expired(over: (ticket: Ticket) => boolean): Ticket[] {
    const found: Ticket[] = [];
    for (const { oldest } of this.#lanes) {
      for (let each = oldest; each !== undefined; each = each.younger) {
        if (over(each)) found.push(each);
      }
    }
    return found;
  }

  #lane(lane: number): Lane {
    return this.#lanes[lane] as Lane;
  }
}
