// Who takes part.
import type { Limiter } from "../../src/policy/slots.ts";
import type { Cell, Gate } from "../../test/sim/crowd/crowd.ts";

export interface Contender {
  readonly name: string;
  /** Where its formula was published. */
  readonly source: string;
  /**
   * A new one, before a service of which it knows nothing unless it says so. A limiter stands behind our own
   * queue, as the oracle does, so that the limits are what differs; a gate has rules of its own.
   */
  make(cell: Cell): Limiter | Gate;
}
