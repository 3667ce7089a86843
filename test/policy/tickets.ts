// Tickets and admissions for tests.
import { Admission, type AdmissionSettings } from "../../src/policy/admission.ts";
import { RouteLoad } from "../../src/policy/routeload.ts";
import { FixedLimit, type Limiter, type Sample } from "../../src/policy/slots.ts";
import { type Asked, Ticket } from "../../src/policy/ticket.ts";

export const SETTINGS: AdmissionSettings = {
  mode: "enforce",
  queue: { size: 10, wait: 100 },
  streams: 2,
  fair: false,
};

/** A ticket; its story is what its waiter is told. */
export class Told extends Ticket {
  readonly story: string[] = [];

  constructor(asked: Partial<Asked> = {}) {
    super({
      ...{ rank: 3, caller: 1, retry: false, stream: false, deadline: Number.POSITIVE_INFINITY },
      route: new RouteLoad(),
      ...asked,
    });
    this.waiter = {
      granted: (now) => this.story.push(`granted ${now}`),
      refused: (reason, now) => this.story.push(`${reason} ${now}`),
    };
  }
}

/** An admission, and what it tells the world. */
export function admission(
  settings: Partial<AdmissionSettings> = {},
  limiter: number | Limiter = 1,
) {
  const reports: string[] = [];
  const waits: number[] = [];
  const limits = typeof limiter === "number" ? new FixedLimit(limiter) : limiter;
  const admission = new Admission({ ...SETTINGS, ...settings }, limits, {
    wouldRefuse: (reason) => reports.push(reason),
    waited: (ms) => waits.push(ms),
  });
  /** Lets a request in, and says how; a new one when none is given. */
  const enter = (now: number, asked: Partial<Asked> = {}) => {
    const ticket = new Told(asked);
    return { ticket, entered: admission.enter(ticket, now) };
  };
  return { admission, enter, reports, waits };
}

/** An answer after so long. */
export function answer(latencyMs: number, sentAt = 0): Sample {
  return { sentAt, latencyMs, ok: true };
}
