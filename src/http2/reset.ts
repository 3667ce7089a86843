// Resetting a stream so that the other side cannot take it for its end.
import type { Http2Stream } from "node:http2";
import { Timer, type Wheel } from "../core/wheel.ts";

/**
 * Sends RST_STREAM with `code`, of RFC 9113 7. Node's `close` ends the writable side first: where all that was
 * written has gone, an empty DATA frame with END_STREAM goes out before the reset, and what was broken off looks
 * whole. Nothing is done at the end of a writable side whose last step is this.
 */
export function resetStream(stream: Http2Stream, code: number): void {
  if (stream.closed || stream.destroyed) return;
  stream._final = (done) => done();
  stream.close(code);
}

/**
 * Closes a stream whose response is whole, with `code`. nghttp2 forgets what has not left yet when its stream is
 * reset, so that waits for a tick, until nothing stands in its queue any more, and until the end has gone, for which
 * the client's window may have no room.
 */
export function closeBehind(stream: Http2Stream, code: number, wheel: Wheel): void {
  const close = (): void => {
    if (stream.closed || stream.destroyed) return;
    const queued = stream.session?.state.outboundQueueSize ?? 0;
    if (queued > 0 || stream.state.localClose === 0) wheel.arm(timer, 0);
    else stream.close(code);
  };
  const timer = new Timer(close);
  wheel.arm(timer, 0);
}
