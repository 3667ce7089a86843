// How a client says that it speaks HTTP/2 without asking first: RFC 9113 3.4.
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", "latin1");

/** Are these the first bytes of the preface, all of it and perhaps more, or something else? */
export function prefaceIn(bytes: Buffer): "begun" | "whole" | "none" {
  const length = Math.min(bytes.length, PREFACE.length);
  if (PREFACE.compare(bytes, 0, length, 0, length) !== 0) return "none";
  return length === PREFACE.length ? "whole" : "begun";
}
