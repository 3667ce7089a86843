// The static fallback of a cluster: what clients get in place of a refusal when nobody answered.
import type { Counters } from "../core/meter.ts";
import type { Reason } from "../core/refusal.ts";
import { isBodiless, isUnframed } from "../core/status.ts";

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

export class Fallback {
  readonly #said: Said;
  readonly #counters: Counters<Reason>;

  constructor(settings: FallbackSettings, counters: Counters<Reason>) {
    const { status, body } = settings;
    this.#counters = counters;
    this.#said = { status, body, fields: fieldsOf(settings) };
  }

  /** What stands in for a refusal with `reason`; it is counted. */
  instead(reason: Reason): Said {
    this.#counters.add(reason);
    return this.#said;
  }
}

function fieldsOf({ status, headers, contentType, body }: FallbackSettings): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const type = isBodiless(status) ? "" : `content-type: ${contentType}\r\n`;
  const length = isUnframed(status) ? "" : `content-length: ${body.length}\r\n`;
  return `${type}${length}${lines.join("")}x-tidegate-tier: fallback\r\n`;
}
