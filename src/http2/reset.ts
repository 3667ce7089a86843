// Resetting a stream so that the other side cannot take it for its end.
import type { Http2Stream } from "node:http2";

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
