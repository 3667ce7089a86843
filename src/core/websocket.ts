// The handshake of WebSocket over HTTP/1.1: RFC 6455 4.2.2.
import { createHash } from "node:crypto";

/** What `sec-websocket-accept` answers to a `sec-websocket-key`. */
export function acceptFor(key: string): string {
  return createHash("sha1").update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest("base64");
}
