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
