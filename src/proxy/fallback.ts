// The static fallback of a cluster: what clients get in place of a refusal when nobody answered.
import { FALLBACKS } from "../core/families.ts";
import type { Counter, Meter } from "../core/meter.ts";
import type { Reason } from "../core/refusal.ts";

/** What the config says of it. */
export interface FallbackSettings {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly contentType: string;
  /** One character per byte. */
  readonly body: string;
}

/** How a refusal is said, beside what all of them say. */
export interface Said {
  readonly status: number;
  /** Field lines, each ended by CRLF. */
  readonly fields: string;
  /** One character per byte. */
  readonly body: string;
}

/** Statuses whose responses have no body, and say nothing of one. */
const NO_BODY = [204, 304];

export class Fallback {
  readonly #said: Said;
  readonly #cluster: string;
  readonly #meter: Meter;
  /** Looked up once: refusing has to be cheap. */
  readonly #counters = new Map<Reason, Counter>();

  constructor(settings: FallbackSettings, cluster: string, meter: Meter) {
    const { status, body } = settings;
    this.#cluster = cluster;
    this.#meter = meter;
    this.#said = { status, body, fields: fieldsOf(settings) };
  }

  /** What stands in for a refusal with `reason`; it is counted. */
  instead(reason: Reason): Said {
    let counter = this.#counters.get(reason);
    if (counter === undefined) {
      counter = this.#meter.counter(FALLBACKS, {
        cluster: this.#cluster,
        tier: "fallback",
        reason,
      });
      this.#counters.set(reason, counter);
    }
    counter.add();
    return this.#said;
  }
}

function fieldsOf({ status, headers, contentType, body }: FallbackSettings): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const about = `content-type: ${contentType}\r\ncontent-length: ${body.length}\r\n`;
  return `${NO_BODY.includes(status) ? "" : about}${lines.join("")}x-tidegate-tier: fallback\r\n`;
}
