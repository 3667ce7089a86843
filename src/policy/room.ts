// Where requests wait for a slot: how many, how long, and who gives way.
//
//   full                     the oldest of the lowest lane goes, unless that is above the newcomer's
//   has waited its time      queue_timeout
//   too little time left     deadline_expired
//
// Whoever goes is told at once.
import type { Reason } from "../core/refusal.ts";
import { type Patience, patience } from "./patience.ts";
import { isCritical, isMarginal, laneOf, Queue } from "./queue.ts";
import type { Limiter } from "./slots.ts";
import type { Ticket } from "./ticket.ts";

/** What the config says of a queue. */
export interface RoomSettings {
  /** The most that wait; auto is 2 * limit + 64, and 1000 at least until the limit is known. */
  readonly size: number | "auto";
  /** How long one may wait, in milliseconds. */
  readonly wait: number | "auto";
}

/** What the length of the wait depends on. */
export interface Pace {
  readonly limiter: Limiter;
  /** The mean time of an answer, in milliseconds; 0 before there were any. */
  readonly meanMs: number;
  /** The square of the coefficient of variation of such times. */
  readonly variation: number;
  readonly shedding: {
    /** Arrivals / completions. */
    readonly excess: number;
    /** Are arrivals refused? */
    readonly active: boolean;
  };
}

/** The size of the queue at least, while the limit is not known yet. */
const UNSETTLED_SIZE = 1000;
/** Before the first tick nobody has waited for anything. */
const NONE: Patience = { marginal: 0, firm: 0, critical: 0 };

export class Room {
  settings: RoomSettings;
  /** Has nobody waited at some time since this was last set to false? */
  emptied = true;
  readonly #queue = new Queue();
  readonly #pace: Pace;
  readonly #out: (ticket: Ticket, reason: Reason, now: number) => void;
  #emptyAt = Number.NEGATIVE_INFINITY;
  /** As it was at the last tick, or when the first one came that waits. */
  #waits = NONE;

  /** `out` hears of those that give way. */
  constructor(
    settings: RoomSettings,
    pace: Pace,
    out: (ticket: Ticket, reason: Reason, now: number) => void,
  ) {
    this.settings = settings;
    this.#pace = pace;
    this.#out = out;
  }

  /** How many wait. */
  get length(): number {
    return this.#queue.length;
  }

  /** The most that wait. */
  get bound(): number {
    const { size } = this.settings;
    const { limit, settled } = this.#pace.limiter;
    return size === "auto" ? Math.max(2 * limit + 64, settled ? 0 : UNSETTLED_SIZE) : size;
  }

  /** Lets `ticket` wait, or says why not. */
  enter(ticket: Ticket, marginal: boolean, now: number): Reason | undefined {
    const lane = laneOf(ticket.rank, marginal, ticket.retry);
    while (this.length >= this.bound) {
      const { lowest } = this.#queue;
      if (lowest === undefined || lowest.lane < lane) return "queue_full";
      this.#evict(lowest, lowest.rank > ticket.rank ? "shed_priority" : "queue_full", now);
    }
    if (this.length === 0) this.#isEmpty(now);
    ticket.since = now;
    ticket.state = "waiting";
    this.#queue.push(ticket, lane);
    return undefined;
  }

  /** Takes out one that waits. */
  remove(ticket: Ticket, now: number): void {
    this.#queue.remove(ticket);
    if (this.length === 0) this.#isEmpty(now);
  }

  /** Takes out the next whose turn it is; those that would have come before it and are too late, go. */
  next(now: number): Ticket | undefined {
    const { excess, active } = this.#pace.shedding;
    const calm = excess <= 1 && !active;
    while (true) {
      const next = this.#queue.next(calm);
      if (next === undefined) return undefined;
      const why = this.#lateness(next, now) ?? isCapped(next);
      if (why !== undefined) this.#evict(next, why, now);
      else {
        this.remove(next, now);
        return next;
      }
    }
  }

  /** Time has passed. */
  tick(now: number): void {
    if (this.length === 0) this.#isEmpty(now);
    else this.#waits = this.#patience(now);
    for (const late of this.#queue.expired((each) => this.#lateness(each, now) !== undefined)) {
      const why = this.#lateness(late, now);
      // Who was told before may have made room for it.
      if (late.state === "waiting" && why !== undefined) this.#evict(late, why, now);
    }
    while (this.length > this.bound) {
      const { lowest } = this.#queue;
      if (lowest !== undefined) this.#evict(lowest, "queue_full", now);
    }
  }

  #isEmpty(now: number): void {
    this.#emptyAt = now;
    this.emptied = true;
    this.#waits = this.#patience(now);
  }

  #patience(now: number): Patience {
    const { meanMs, variation, limiter, shedding } = this.#pace;
    const { excess, active } = shedding;
    const emptyAgoMs = now - this.#emptyAt;
    return patience({
      meanMs,
      variation,
      limit: limiter.hold,
      excess,
      shedding: active,
      settled: limiter.settled,
      emptyAgoMs,
    });
  }

  #lateness({ route, deadline, since, lane }: Ticket, now: number): Reason | undefined {
    if (deadline - now < (route.usual(now) ?? 0)) return "deadline_expired";
    return now - since >= this.#waitMs(lane) ? "queue_timeout" : undefined;
  }

  #waitMs(lane: number): number {
    const { wait } = this.settings;
    if (wait !== "auto") return wait;
    if (isCritical(lane)) return this.#waits.critical;
    return isMarginal(lane) ? this.#waits.marginal : this.#waits.firm;
  }

  #evict(ticket: Ticket, reason: Reason, now: number): void {
    this.remove(ticket, now);
    this.#out(ticket, reason, now);
  }
}

function isCapped({ route }: Ticket): Reason | undefined {
  return route.held >= route.cap ? "queue_full" : undefined;
}
