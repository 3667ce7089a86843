// What a breaker knows in each of its states.
import type { BreakerReason } from "../core/breaker.ts";
import type { Opening } from "./opening.ts";
import type { Trials } from "./trials.ts";

/** Times in milliseconds. */
export type State = Closed | Open | { readonly kind: "half_open"; readonly trials: Trials };

interface Closed {
  readonly kind: "closed";
  /** When it is back; always, unless trials brought it back. */
  readonly since: number;
}

export interface Open {
  readonly kind: "open";
  readonly since: number;
  /** When it may end where others are missing, and where they are there and fail. */
  readonly soonest: number;
  readonly early: number;
  readonly until: number;
  /** What goes ahead of its trials when its time is over, and why that is; undefined until then. */
  readonly trials?: Trials;
  readonly ended?: BreakerReason;
}

export function opened({ least, most, room }: Opening, now: number): Open {
  const [soonest, early] = [now + least, now + Math.max(least, room)];
  return { kind: "open", since: now, soonest, early, until: now + most };
}

/** The calls by which it is judged; undefined while none are to be made. */
export function trialsOf(state: State): Trials | undefined {
  return state.kind === "closed" ? undefined : state.trials;
}

/** How long it has been open in this state. What nobody asked about after its time was over was open no longer. */
export function openFor(state: State, now: number): number {
  return state.kind === "open" ? Math.min(now, state.until) - state.since : 0;
}
