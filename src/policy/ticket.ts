// A request before, in and after the queue: one object for all three, because there is one for each request.
//
//   new -- granted --> held -- settled --> over
//    |                  ^
//    +--> waiting ------+          refused, or gone while it waited: over
//
// A ghost is a ticket in report mode: its request is not held up, whatever becomes of the ticket. When it
// is refused, or its slot goes to another, it is free: it holds nothing, and is settled all the same.
import type { Reason } from "../core/refusal.ts";
import type { RouteLoad } from "./routeload.ts";
import type { Limiter } from "./slots.ts";

/** What is known of a request that wants to be worked on. */
export interface Asked {
  /** How much it matters, from 0, the most, to 3. */
  readonly rank: number;
  /** The hash of its caller's name. */
  readonly caller: number;
  /** Was it tried before, by its caller? */
  readonly retry: boolean;
  /** When a response must be there at last, in `Clock.now()` milliseconds. */
  readonly deadline: number;
  /** Does it stay for long, whatever the service can do: an upgrade, a stream, a long poll? */
  readonly stream: boolean;
  readonly route: RouteLoad;
}

/** Who waits, and is told once. */
export interface Waiter {
  granted(now: number): void;
  refused(reason: Reason, now: number): void;
}

export class Ticket implements Asked {
  readonly rank: number;
  readonly caller: number;
  readonly retry: boolean;
  readonly deadline: number;
  stream: boolean;
  readonly route: RouteLoad;
  state: "new" | "waiting" | "held" | "free" | "over" = "new";
  ghost = false;
  /** To be set where it has to wait. */
  waiter: Waiter | undefined;
  /** When it began to wait, or to hold its slot. */
  since = 0;
  /** Who learns from it, and what it is known there by. */
  teaches: Limiter | undefined;
  stamp = 0;
  /** The lane in which it waits, and its neighbours there: the queue's alone to touch. */
  lane = 0;
  older: Ticket | undefined;
  younger: Ticket | undefined;

  constructor({ rank, caller, retry, deadline, stream, route }: Asked) {
    this.rank = rank;
    this.caller = caller;
    this.retry = retry;
    this.deadline = deadline;
    this.stream = stream;
    this.route = route;
  }
}
