// What waits and what is let in: within the limits, the higher class first, each settled once.
import type { Ticket } from "../../src/policy/ticket.ts";
import type { Gate } from "../../src/proxy/gate.ts";
import type { Story } from "../../src/proxy/record.ts";
import type { Audit } from "./audit.ts";

/** Watches the gate of a cluster from now on; nothing has come to it yet. Its limit must not change. */
export function watchAdmission(gate: Gate, audit: Audit): { atRest(): void } {
  const [enter, leave] = [gate.enter.bind(gate), gate.leave.bind(gate)];
  let waiting: readonly Ticket[] = [];
  const look = (): void => {
    const granted = waiting.filter(({ state }) => state === "held");
    waiting = waiting.filter(({ state }) => state === "waiting");
    const highest = Math.min(...waiting.map(({ rank }) => rank));
    audit.holds(
      granted.every(({ rank }) => rank <= highest),
      "no lower class is let in while a higher one waits",
      () => `${granted.map(({ rank }) => rank)} while ${highest} waits`,
    );
    const { state } = gate;
    if (state === undefined) return;
    const facts = (): string => JSON.stringify(state);
    audit.holds(state.inFlight <= state.limit, "in flight is within the limit", facts);
    audit.holds(state.waiting <= state.mostWaiting, "the queue is within its bound", facts);
  };
  gate.enter = (exchange, story, entrance, now) => {
    look();
    const queued = enter(exchange, story, entrance, now);
    const { ticket } = story;
    if (ticket?.state === "waiting") waiting = [...waiting, ticket];
    look();
    return queued;
  };
  const settled = new WeakSet<Story>();
  gate.leave = (story, now) => {
    audit.holds(!settled.has(story), "a request leaves once", () => story.requestId);
    settled.add(story);
    leave(story, now);
    look();
  };
  return {
    atRest: () => {
      const { inFlight = 0, streams = 0, waiting = 0 } = gate.state ?? {};
      const left = inFlight + streams + waiting;
      audit.holds(left === 0, "every ticket is settled", () => `${left} are left`);
    },
  };
}
