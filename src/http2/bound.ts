// A stream of node:http2 that tells one object what happens. All streams share their listeners: nothing is
// made for each.
import type { ClientHttp2Stream } from "node:http2";
import { Readable } from "node:stream";
import { Timer, type Wheel } from "../core/wheel.ts";

/** Whose stream it is. What it throws is a bug, and costs one stream, not the process. */
export interface StreamOwner {
  /** The raw header array of a response that is not final. */
  onInterim(raw: readonly string[]): void;
  onResponse(raw: readonly string[]): void;
  /** Bytes of the body, which are the owner's; returns whether more are wanted. */
  onData(chunk: Buffer): boolean;
  onTrailers(raw: readonly string[]): void;
  /** The other side has completed its message; Node has yet to tell of some that came before. */
  onWhole(): void;
  /** Nothing more comes, whether it is whole or not. */
  onEnd(): void;
  onDrain(): void;
  /** Trailers that end the request; none where it is empty. */
  readonly trailers: Record<string, string | string[]>;
  onError(error: Error): void;
  /** The stream is gone; `code` as RST_STREAM has it. */
  onClose(id: number | undefined, code: number): void;
  onBug(error: unknown): void;
}

const OWNER = Symbol("owner");
const TRAILS = Symbol("trails");

/** A stream that has its owner. */
export type BoundStream = ClientHttp2Stream & { [OWNER]: StreamOwner; [TRAILS]: boolean };

/**
 * Has `stream` tell `owner` everything from now on; `trails` says whether it was made with `waitForTrailers`.
 *
 * Data, and their end, are taken where Node hands them to the stream, by `push`. Node would keep what a slow client
 * has not taken yet, and lose it with the session though the response was here whole; and nothing else tells
 * the end of a response (END_STREAM) from that of its stream (RST_STREAM with NO_ERROR).
 */
export function bind(stream: ClientHttp2Stream, owner: StreamOwner, trails: boolean): BoundStream {
  const bound = stream as BoundStream;
  bound[OWNER] = owner;
  bound[TRAILS] = trails;
  bound.push = push;
  bound.on("headers", onHeaders).on("response", onResponse).on("trailers", onTrailers);
  bound.on("end", onEnd).on("drain", onDrain).on("wantTrailers", onWantTrailers);
  bound.on("error", onError).on("close", onClose);
  bound.resume();
  return bound;
}

/**
 * Resets `stream`. Node 26 aborts the process (`OnTrailers`, `!is_destroyed()`) when one that may yet have
 * trailers is cancelled while its session reads, and what is read next ends it; so that waits for a tick.
 */
export function reset(stream: BoundStream, code: number, wheel: Wheel): void {
  if (stream.closed) return;
  if (!stream[TRAILS]) return stream.close(code);
  stream[TRAILS] = false;
  wheel.arm(new Timer(() => reset(stream, code, wheel), stream[OWNER]), 0);
}

function push(this: BoundStream, chunk: unknown): boolean {
  const owner = this[OWNER];
  if (chunk === null) {
    if (!this.closed && !this.destroyed) owner.onWhole();
    return Readable.prototype.push.call(this, null);
  }
  try {
    return owner.onData(chunk as Buffer);
  } catch (error) {
    owner.onBug(error);
    return false;
  }
}

/** A listener for all streams; what it throws goes to the owner. */
function telling<A extends unknown[]>(tell: (stream: BoundStream, ...event: A) => void) {
  return function (this: ClientHttp2Stream, ...event: A): void {
    const bound = this as BoundStream;
    try {
      tell(bound, ...event);
    } catch (error) {
      bound[OWNER].onBug(error);
    }
  };
}

// Node gives every header block thrice, as an object, as flags and as it came.
const onHeaders = telling(({ [OWNER]: owner }, _: unknown, __: number, raw: string[]) =>
  owner.onInterim(raw),
);
const onResponse = telling(({ [OWNER]: owner }, _: unknown, __: number, raw: string[]) =>
  owner.onResponse(raw),
);
const onTrailers = telling(({ [OWNER]: owner }, _: unknown, __: number, raw: string[]) =>
  owner.onTrailers(raw),
);
const onEnd = telling(({ [OWNER]: owner }) => owner.onEnd());
const onDrain = telling(({ [OWNER]: owner }) => owner.onDrain());
const onWantTrailers = telling((stream) => stream.sendTrailers(stream[OWNER].trailers));
const onError = telling(({ [OWNER]: owner }, error: Error) => owner.onError(error));
const onClose = telling((stream) => stream[OWNER].onClose(stream.id, stream.rstCode));
