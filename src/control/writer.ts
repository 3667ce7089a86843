// Lines on their way to a sink: a bounded buffer that never waits and never throws.
//
//   write() -> open chunk -> full chunks -> the one chunk being written -> the kernel
//
// A chunk holds whole lines. It goes when it is full, or when its first line is FLUSH_MS old and
// nothing else is under way. When everything held exceeds `maxBytes`, new lines are dropped and counted. A
// sink that fails is asked again after a pause, from the byte where it stopped, so that no
// line is torn or written twice.
import type { Counter } from "../core/meter.ts";
import { openSink, type Sink } from "./sink.ts";

/** Takes whole lines of ASCII, each ended by a newline. Never blocks, never throws. */
export interface Lines {
  write(line: string): void;
}

export interface WriterOptions {
  readonly sink: Sink;
  /** Counts the lines that were lost. */
  readonly dropped: Counter;
  /** The most bytes of lines that wait in memory. */
  readonly maxBytes?: number;
  /** Calls back after so many milliseconds; gives what stops it. */
  readonly later?: (ms: number, call: () => void) => () => void;
}

interface Chunk {
  readonly buffer: Buffer;
  used: number;
  /** How much of it the sink has taken. */
  sent: number;
  lines: number;
}

const MAX_BYTES = 1 << 20;
const FLUSH_MS = 50;
/** A sink that has no room is asked again soon; one that is broken, now and then. */
const BUSY_MS = 20;
const BROKEN_MS = 1000;

/** Opens `target` (`stdout`, `stderr` or a path) and gives a writer to it. Throws as `openSink`. */
export function openWriter(target: string, dropped: Counter): LineWriter {
  return new LineWriter({ sink: openSink(target), dropped });
}

export class LineWriter implements Lines {
  readonly dropped: Counter;
  readonly #sink: Sink;
  readonly #maxBytes: number;
  readonly #later: (ms: number, call: () => void) => () => void;
  #open: Chunk | undefined;
  #full: Chunk[] = [];
  #current: Chunk | undefined;
  /** A buffer that can be used again: in good times there is always one. */
  #spare: Buffer | undefined;
  /** Bytes of lines in all chunks. */
  #held = 0;
  #flush: (() => void) | undefined;
  /** Is the open chunk to go as soon as it can? */
  #due = false;
  /** Stops the pause before the sink is asked again; undefined while a write is under way. */
  #pause: (() => void) | undefined;
  #whenDone: (() => void) | undefined;
  #closed = false;

  constructor({ sink, dropped, maxBytes = MAX_BYTES, later = timer }: WriterOptions) {
    this.#sink = sink;
    this.dropped = dropped;
    this.#maxBytes = maxBytes;
    this.#later = later;
  }

  write(line: string): void {
    if (this.#closed || this.#held + line.length > this.#maxBytes) return this.dropped.add();
    const chunk = this.#chunkFor(line.length);
    chunk.used += chunk.buffer.write(line, chunk.used, "latin1");
    chunk.lines++;
    this.#held += line.length;
    this.#flush ??= this.#later(FLUSH_MS, () => this.flush());
  }

  /** Sends what there is without waiting for more. */
  flush(): void {
    this.#flush?.();
    this.#flush = undefined;
    this.#due = true;
    this.#next();
  }

  /**
   * Resolves when everything is written, or after `graceMs`, or when the sink fails; what is left
   * then is counted as dropped. The caller must end the process with `process.exit`: a write that a
   * stopped reader holds up would keep it alive.
   */
  async close(graceMs = 500): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#whenDone = resolve;
    const stop = this.#later(graceMs, resolve);
    this.flush();
    // A sink that is broken gets one more chance, and not another pause.
    if (this.#pause !== undefined) this.#retry();
    await promise;
    stop();
    this.#abandon();
  }

  /** The open chunk, or a new one when the line does not fit. */
  #chunkFor(bytes: number): Chunk {
    const open = this.#open;
    if (open !== undefined && open.used + bytes <= open.buffer.length) return open;
    if (open !== undefined) {
      this.#full.push(open);
      this.#open = undefined;
      this.#next();
    }
    const fits = this.#spare !== undefined && this.#spare.length >= bytes;
    const buffer = fits ? this.#spare : undefined;
    if (fits) this.#spare = undefined;
    const size = Math.max(this.#sink.chunkBytes, bytes);
    this.#open = { buffer: buffer ?? Buffer.allocUnsafeSlow(size), used: 0, sent: 0, lines: 0 };
    return this.#open;
  }

  /** Writes the next chunk, unless one is being written. */
  #next(): void {
    if (this.#current !== undefined) return;
    const chunk = this.#full.shift() ?? this.#takeDue();
    this.#current = chunk;
    if (chunk === undefined) this.#whenDone?.();
    else this.#send(chunk);
  }

  #takeDue(): Chunk | undefined {
    const open = this.#due ? this.#open : undefined;
    this.#due = false;
    if (open !== undefined) this.#open = undefined;
    return open;
  }

  #send(chunk: Chunk): void {
    const rest = chunk.buffer.subarray(chunk.sent, chunk.used);
    this.#sink.write(rest, (error, taken) => {
      if (chunk === this.#current) this.#sent(chunk, error, taken);
    });
  }

  #sent(chunk: Chunk, error: Error | null, taken: number): void {
    if (error !== null || taken === 0) return this.#wait(error);
    chunk.sent += taken;
    if (chunk.sent < chunk.used) return this.#send(chunk);
    this.#held -= chunk.used;
    if (chunk.buffer.length === this.#sink.chunkBytes) this.#spare = chunk.buffer;
    this.#current = undefined;
    this.#next();
  }

  #wait(error: Error | null): void {
    const busy = error === null || ("code" in error && error.code === "EAGAIN");
    this.#pause = this.#later(busy ? BUSY_MS : BROKEN_MS, () => this.#retry());
    if (!busy) this.#whenDone?.();
  }

  #retry(): void {
    this.#pause?.();
    this.#pause = undefined;
    if (this.#current !== undefined) this.#send(this.#current);
  }

  /** Counts what is left as lost. A sink that is still writing keeps its descriptor. */
  #abandon(): void {
    const idle = this.#current === undefined || this.#pause !== undefined;
    for (const chunk of [this.#current, ...this.#full, this.#open]) {
      this.dropped.add(chunk?.lines ?? 0);
    }
    this.#current = undefined;
    this.#full = [];
    this.#open = undefined;
    this.#pause?.();
    if (idle) this.#sink.close();
  }
}

function timer(ms: number, call: () => void): () => void {
  const handle = setTimeout(call, ms);
  return () => clearTimeout(handle);
}
