// How connections between two hosts fare.
import { type Duration, draw, type Stream } from "./chance.ts";

/** The way from one host to another, and back. */
export class Link {
  /** One way. */
  latency: Duration;
  /** The share of connections, old and new, over which nothing comes, in [0, 1]. */
  lost = 0;
  /** The share of attempts to connect that are refused, in [0, 1]. */
  refused = 0;
  readonly chance: Stream;
  /** The IP address at its beginning. */
  readonly peer: string;

  constructor(from: string, latency: Duration, chance: Stream) {
    this.peer = from.split(":")[0] ?? "";
    this.latency = latency;
    this.chance = chance;
  }

  delay(): number {
    return draw(this.latency, this.chance);
  }
}
