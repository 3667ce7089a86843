// Frames that cost us more than they cost the client, counted per connection.
//
//   resets      premature >= P of the last 2P streams at most, or more than R in a second   -> cut
//   frames      more than C of a kind in a second, and one for each KiB of body moved       -> cut
//
// A stream is premature when the client resets it before it could have been worked on (CVE-2023-44487), or
// makes us reset it (CVE-2025-8671). One that was given up later, as by a deadline of gRPC, is not: however
// many of them there are, each has waited for an answer, and no more wait at a time than may be open.

/** What a connection is cut for; also the label of the metric. */
export type Flood =
  | "rapid_reset"
  | "server_reset"
  | "continuation"
  | "settings"
  | "ping"
  | "priority"
  | "window_update"
  | "empty_data"
  | "invalid_frames";

/** A stream that lived for so many milliseconds was worked on. */
const WORKED_ON_MS = 10;
const SECOND_MS = 1000;
/** A client that reads, or sends, so many bytes of bodies may send another control frame for it. */
const BYTES_PER_FRAME = 1024;

/** What one connection may send. */
export interface FloodLimits {
  readonly prematureResets: number;
  readonly resetsPerSecond: number;
  readonly controlFrames: number;
}

export class Floods {
  readonly #limits: FloodLimits;
  #opened = 0;
  #premature = 0;
  #second = Number.NEGATIVE_INFINITY;
  #resets = 0;
  readonly #frames = { settings: 0, ping: 0, priority: 0 };

  constructor(limits: FloodLimits) {
    this.#limits = limits;
  }

  /** A stream has been opened. */
  opened(): void {
    if (++this.#opened < 2 * this.#limits.prematureResets) return;
    this.#opened = 0;
    this.#premature = 0;
  }

  /**
   * A stream has been reset, `now`, by the client after `livedMs`, or by us for what it sent. What that makes a
   * flood, if it is one.
   */
  reset(now: number, livedMs: number, byUs: boolean): Flood | undefined {
    if (!byUs && livedMs >= WORKED_ON_MS) return undefined;
    this.#turn(now);
    this.#premature++;
    this.#resets++;
    const { prematureResets, resetsPerSecond } = this.#limits;
    if (this.#premature < prematureResets && this.#resets <= resetsPerSecond) return undefined;
    return byUs ? "server_reset" : "rapid_reset";
  }

  /** A control frame has come; `moved` are the bytes of bodies that moved since the last one of its kind. */
  frame(kind: "settings" | "ping" | "priority", now: number, moved: number): Flood | undefined {
    this.#turn(now);
    const frames = Math.max(0, this.#frames[kind] - moved / BYTES_PER_FRAME) + 1;
    this.#frames[kind] = frames;
    return frames > this.#limits.controlFrames ? kind : undefined;
  }

  #turn(now: number): void {
    if (now - this.#second < SECOND_MS) return;
    this.#second = now;
    this.#resets = 0;
    this.#frames.settings = 0;
    this.#frames.ping = 0;
    this.#frames.priority = 0;
  }
}
