// Just enough of WebSocket, RFC 6455, to shake hands and to send and read frames by hand.
import { createHash } from "node:crypto";
import { values } from "./message.ts";
import type { Link, Script } from "./upstream.ts";

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
/** What a server must answer to KEY: the example of RFC 6455, section 1.3. */
export const ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=";

export const HANDSHAKE = [
  "GET /chat HTTP/1.1",
  "Host: a.test",
  "Connection: keep-alive, Upgrade",
  "Upgrade: websocket",
  "Sec-WebSocket-Version: 13",
  `Sec-WebSocket-Key: ${KEY}`,
  "\r\n",
].join("\r\n");

/** A binary frame; a client's are masked. */
export function frame(payload: Buffer, masked: boolean): Buffer {
  const { length } = payload;
  const head = Buffer.alloc(10);
  head[0] = 0x82;
  head[1] = (masked ? 0x80 : 0) | 127;
  head.writeBigUInt64BE(BigInt(length), 2);
  if (!masked) return Buffer.concat([head, payload]);
  const mask = Buffer.from([1, 2, 3, 4]);
  return Buffer.concat([head, mask, xor(payload, mask)]);
}

/** The payload of the frame that `bytes` begins with, or undefined while it is not whole. */
export function unframe(bytes: Buffer): { payload: Buffer; length: number } | undefined {
  if (bytes.length < 10) return undefined;
  const masked = ((bytes[1] ?? 0) & 0x80) !== 0;
  const start = masked ? 14 : 10;
  const length = start + Number(bytes.readBigUInt64BE(2));
  if (bytes.length < length) return undefined;
  const payload = bytes.subarray(start, length);
  return { payload: masked ? xor(payload, bytes.subarray(10, 14)) : payload, length };
}

function xor(payload: Buffer, mask: Buffer): Buffer {
  return Buffer.from(payload.map((byte, index) => byte ^ (mask[index % 4] ?? 0)));
}

/** Accepts every handshake with `greeting` right behind the 101, and echoes every frame. */
export function echo(greeting: Buffer): Script {
  return {
    request(link, request) {
      const key = values(request.fields, "sec-websocket-key")[0] ?? "";
      const guid = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
      const accept = createHash("sha1")
        .update(key + guid)
        .digest("base64");
      const head = `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`;
      link.tunnel = echoInto(link);
      link.write(Buffer.concat([Buffer.from(head, "latin1"), frame(greeting, false)]));
    },
  };
}

function echoInto(link: Link): (chunk: Buffer) => void {
  let waiting = Buffer.alloc(0);
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk]);
    for (let next = unframe(waiting); next !== undefined; next = unframe(waiting)) {
      link.write(frame(next.payload, false));
      waiting = waiting.subarray(next.length);
    }
  };
}
