// What a stream tells the object that it carries. All streams share their listeners: none is made for each.
import type { IncomingHttpHeaders, ServerHttp2Stream } from "node:http2";

/** An exchange, as its stream knows it. What it throws is a bug. */
export interface StreamEvents {
  /** It was reset, or has ended by itself; may come twice. */
  onClosed(): void;
  onData(view: Buffer): void;
  onTrailers(raw: readonly string[]): void;
  onEnd(): void;
  /** Everything written has gone. */
  onDrain(): void;
  /** All but the trailers of the response has gone. */
  onWantTrailers(): void;
  /** Hears what the others have thrown. */
  onBug(error: unknown): void;
}

const OWNER = Symbol("owner");

export interface CarryingStream extends ServerHttp2Stream {
  [OWNER]?: StreamEvents;
}

/** `owner` hears of the stream's end, and of what else it asks for. */
export function carry(stream: CarryingStream, owner: StreamEvents): void {
  stream[OWNER] = owner;
  stream.on("close", onClosed);
}

export function hearBody(stream: CarryingStream): void {
  // A reset whose code is NO_ERROR closes the stream only once what has come is read.
  stream.on("aborted", onClosed);
  stream.on("data", onData).on("trailers", onTrailers).on("end", onEnd);
}

export function hearDrain(stream: CarryingStream): void {
  stream.on("drain", onDrain);
}

export function hearWantTrailers(stream: CarryingStream): void {
  stream.on("wantTrailers", onWantTrailers);
}

function telling<A extends unknown[]>(
  tell: (owner: StreamEvents, ...args: A) => void,
): (this: CarryingStream, ...args: A) => void {
  return function (...args) {
    const owner = this[OWNER];
    if (owner === undefined) return;
    try {
      tell(owner, ...args);
    } catch (error) {
      owner.onBug(error);
    }
  };
}

const onClosed = telling((owner) => owner.onClosed());
const onData = telling((owner, view: Buffer) => owner.onData(view));
const onEnd = telling((owner) => owner.onEnd());
const onDrain = telling((owner) => owner.onDrain());
const onWantTrailers = telling((owner) => owner.onWantTrailers());
const onTrailers = telling((owner, _headers: IncomingHttpHeaders, _flags: number, raw: string[]) =>
  owner.onTrailers(raw),
);
