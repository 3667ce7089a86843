// node:http2 is loaded with the first connection that needs it: it takes 15 MiB, and most sidecars of services
// that speak HTTP/1.1 never do. So what is needed of its constants stands here.

/** Error codes of RFC 9113 7. */
export const NO_ERROR = 0;
export const PROTOCOL_ERROR = 1;
export const INTERNAL_ERROR = 2;
export const REFUSED_STREAM = 7;
export const CANCEL = 8;
export const ENHANCE_YOUR_CALM = 11;

/** A flag of HEADERS and DATA frames: RFC 9113 6.1. */
export const END_STREAM = 1;

/**
 * GOAWAY with the highest id that a stream can have: none is refused yet. By `session.goaway()`, nghttp2 would
 * take no stream any more. The session writes whole frames only, so that this one stands between two of them.
 */
export const NOTICE = Buffer.from([0, 0, 8, 7, 0, 0, 0, 0, 0, 127, 255, 255, 255, 0, 0, 0, 0]);
