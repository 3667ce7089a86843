// Frames that cost us more than they cost the client, counted per connection.
//
//   resets      premature >= P of the last 2P streams at most, or more than R in a second   -> cut
//   frames      more than C of a kind in a second, and one for each KiB of body moved       -> cut
//   others      bytes that are no bodies, requests or their frames, more than 13 C a second  -> cut
//
// A stream is premature when the client resets it before it could have been worked on (CVE-2023-44487), or
// makes us reset it (CVE-2025-8671). One that was given up later, as by a deadline of gRPC, is not: however
// many of them there are, each has waited for an answer, and no more wait at a time than may be open. Where this
// process itself stood still, a stream and its reset are read together, however long it has waited: of those as many
// are forgiven as streams were worked on before. They cost no work, and who sends nothing else is forgiven none.

/** What a connection is cut for; also the label of the metric. */
export type Flood =
  | "rapid_reset"
  | "server_reset"
  | "continuation"
  | "settings"
  | "ping"
  | "window_update"
  | "empty_data"
  /** PRIORITY, and frames of types that nobody knows. */
  | "ignored_frames";

/** NGHTTP2_ERR_FLOODED and NGHTTP2_ERR_TOO_MANY_CONTINUATIONS. */
const FLOODED = -904;
const CONTINUATIONS = -905;
/** A stream that lived for so many milliseconds was worked on. */
const WORKED_ON_MS = 10;
const SECOND_MS = 1000;
/** A client that reads, or sends, so many bytes of bodies may send another control frame for it. */
const BYTES_PER_FRAME = 1024;
/** Of a WINDOW_UPDATE frame, the smallest that nothing else counts. */
const FRAME_BYTES = 13;
/** Of a frame's head and its padding at most, beside each piece of a body. */
const PIECE_BYTES = 9 + 256;
/** Of a request's frames at most, as far as nghttp2 reads them. */
const HEAD_BYTES = 64 * 1024;

/** What has moved on a connection since it was asked last. */
export interface Moved {
  /** Bytes read, all of them. */
  readonly read: number;
  /** Bytes of bodies, either way. */
  readonly bodies: number;
  /** How many pieces of bodies came. */
  readonly pieces: number;
}

/** What one connection may send. */
export interface FloodLimits {
  /** At a time; further ones in one go are refused. */
  readonly streams: number;
  readonly prematureResets: number;
  readonly resetsPerSecond: number;
  readonly controlFrames: number;
}

export class Floods {
  readonly #limits: FloodLimits;
  #opened = 0;
  /** Since `others` was asked. */
  #heads = 0;
  #premature = 0;
  /** Streams that were worked on, as far as they have not made up for others: 2P at most. */
  #worked = 0;
  #second = Number.NEGATIVE_INFINITY;
  #resets = 0;
  readonly #frames = { settings: 0, ping: 0 };

  constructor(limits: FloodLimits) {
    this.#limits = limits;
  }

  /** A stream has been opened. */
  opened(): void {
    this.#heads++;
    this.#worked = Math.min(this.#worked + 1, 2 * this.#limits.prematureResets);
    if (++this.#opened < 2 * this.#limits.prematureResets) return;
    this.#opened = 0;
    this.#premature = 0;
  }

  /**
   * A stream has been reset, `now`, by the client after `livedMs`, or by us for what it sent; what came may have waited
   * for `unreadMs` until it was read. What that makes a flood, if it is one.
   */
  reset(now: number, livedMs: number, byUs: boolean, unreadMs = 0): Flood | undefined {
    if (!byUs && livedMs >= WORKED_ON_MS) return undefined;
    this.#worked = Math.max(0, this.#worked - 1);
    if (!byUs && livedMs + unreadMs >= WORKED_ON_MS && this.#worked > 0) {
      this.#worked--;
      return undefined;
    }
    this.#turn(now);
    this.#premature++;
    this.#resets++;
    const { prematureResets, resetsPerSecond } = this.#limits;
    if (this.#premature < prematureResets && this.#resets <= resetsPerSecond) return undefined;
    return byUs ? "server_reset" : "rapid_reset";
  }

  /** A control frame has come; `moved` are the bytes of bodies that have moved lately. */
  frame(kind: "settings" | "ping", now: number, moved: number): Flood | undefined {
    this.#turn(now);
    const frames = ++this.#frames[kind];
    return frames > this.#limits.controlFrames + moved / BYTES_PER_FRAME ? kind : undefined;
  }

  /** What came in the last `ms` beside requests and what is counted by frame: is it too much? */
  others({ read, bodies, pieces }: Moved, ms: number): Flood | undefined {
    const heads = this.#heads;
    this.#heads = 0;
    const frames = (this.#limits.controlFrames * Math.max(ms, SECOND_MS)) / SECOND_MS;
    const due = bodies + pieces * PIECE_BYTES + heads * HEAD_BYTES;
    const updates = (bodies / BYTES_PER_FRAME + frames) * FRAME_BYTES;
    return read > due + updates ? "window_update" : undefined;
  }

  /** What flood nghttp2 or Node has ended a session for, if for one; `streams` have been opened in all. */
  named(error: NodeJS.ErrnoException, streams: number): Flood | undefined {
    // Each frame that is wrong makes us reset its stream; many of one stream can only be of its body.
    if (error.code === "ERR_HTTP2_TOO_MANY_INVALID_FRAMES")
      return streams >= this.#limits.streams / 2 ? "server_reset" : "empty_data";
    const { settings, ping } = this.#frames;
    if (error.errno === FLOODED) return settings > ping ? "settings" : "ping";
    return error.errno === CONTINUATIONS ? "continuation" : undefined;
  }

  #turn(now: number): void {
    if (now - this.#second < SECOND_MS) return;
    this.#second = now;
    this.#resets = 0;
    this.#frames.settings = 0;
    this.#frames.ping = 0;
  }
}
