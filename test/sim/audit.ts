// Where breaches of the rules are written down, and the rules that hold for every request of a sidecar.
import type { AccessRecord } from "../../src/core/access.ts";
import { REFUSALS } from "../../src/core/refusal.ts";
import type { Served } from "./served.ts";
import type { World } from "./world.ts";

/** Of one run, so many breaches are told; more of them would say the same. */
const TOLD = 20;

export class Audit {
  readonly breaches: string[] = [];
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** A rule of the design does not hold. */
  breach(rule: string, facts: string): void {
    if (this.breaches.length >= TOLD) return;
    const breach = `${rule}: ${facts}`;
    this.#world.note(`BREACH ${breach}`);
    this.breaches.push(`${this.#world.now().toFixed(3)} ms: ${breach}`);
  }

  holds(holds: boolean, rule: string, facts: () => string): void {
    if (!holds) this.breach(rule, facts());
  }
}

/** The rules for the answer to a request that has just ended. */
export function auditRequest(audit: Audit, served: Served, record: AccessRecord): void {
  const facts = (): string => `${served.id} ${JSON.stringify(record)} ${served.text}`;
  const holds = (is: boolean, rule: string): void => audit.holds(is, rule, facts);
  const { status, reason, ending } = record;
  if (served.gone) return;
  holds(served.finished === 1, "a request is answered exactly once");
  holds(served.status === status, "the record has the status that was sent");
  // A refusal that an endpoint passed on is not ours.
  if (reason !== undefined) {
    holds(reason === served.reason, "a refusal says its reason");
    holds(REFUSALS[reason].status === status, "a reason has its status");
  }
  holds(status > 0, "a request has a status");
  holds(served.whole === (ending === "complete"), "a cut answer looks cut, and no other does");
}
