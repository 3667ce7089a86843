// What an endpoint grants is settled once; and what began before its breaker changed changes nothing.
import type { Endpoint } from "../../src/proxy/endpoint.ts";
import type { Audit } from "./audit.ts";

export interface Grants {
  /** Nothing is under way any more. */
  atRest(): void;
}

/** Watches an endpoint from now on; it has granted nothing yet. */
export function watchGrants(endpoint: Endpoint, audit: Audit): Grants {
  const { text } = endpoint.address;
  const { breaker } = endpoint;
  const [enter, settle] = [endpoint.enter.bind(endpoint), endpoint.settle.bind(endpoint)];
  const ends = endpoint.ends.bind(endpoint);
  /** How many are open, by grant; and after which change of the breaker each was given. */
  const open = new Map<number, { count: number; readonly after: unknown }>();
  endpoint.enter = (now) => {
    const grant = enter(now);
    audit.holds(breaker === undefined || grant > 0, "no call without a grant", () => text);
    const known = open.get(grant);
    if (known === undefined) open.set(grant, { count: 1, after: breaker?.last });
    else known.count++;
    return grant;
  };
  const settled = (grant: number, now: number, settle: () => void): void => {
    const known = open.get(grant);
    audit.holds(known !== undefined, "a grant is settled once", () => `${text} ${grant}`);
    if (known?.count === 1) open.delete(grant);
    else if (known !== undefined) known.count--;
    breaker?.ask(now);
    const before = breaker?.last;
    settle();
    audit.holds(
      known?.after === before || breaker?.last === before,
      "an outcome from before a change of the breaker does not change it",
      () => `${text} ${JSON.stringify(before)} -> ${JSON.stringify(breaker?.last)}`,
    );
  };
  endpoint.settle = (grant, verdict, now, tookMs) =>
    settled(grant, now, () => settle(grant, verdict, now, tookMs));
  endpoint.ends = (grant, verdict, now, coming) =>
    settled(grant, now, () => ends(grant, verdict, now, coming));
  return {
    atRest: () => {
      audit.holds(open.size === 0, "every grant is settled", () => `${text} ${[...open.keys()]}`);
    },
  };
}
