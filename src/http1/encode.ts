// Bodies on their way out: RFC 9112 7.1.
import type { Socket } from "node:net";
import { borrow, COPIED_BYTES, giveBack } from "./readbuffer.ts";

/** What one write may hold as text; longer bodies go as buffers. */
export const TEXT_BYTES = 16 * 1024;

/** Ends a chunked body; `trailers` are field lines, each ended by CRLF. */
export function lastChunk(trailers: string): string {
  return `0\r\n${trailers}\r\n`;
}

/** Writes a piece of a body that may change once this has returned; `chunked` frames it. */
export function writeBody(socket: Socket, view: Buffer, chunked: boolean): void {
  if (view.length < COPIED_BYTES) {
    socket.write(chunked ? chunkOf(view) : Buffer.from(view));
    return;
  }
  const bytes = borrow(view);
  const done = (): void => giveBack(bytes);
  if (!chunked) {
    socket.write(bytes, done);
    return;
  }
  socket.cork();
  socket.write(`${bytes.length.toString(16)}\r\n`, "latin1");
  socket.write(bytes, done);
  socket.write("\r\n", "latin1");
  socket.uncork();
}

/** One chunk around a copy of `view`. */
function chunkOf(view: Buffer): Buffer {
  const size = `${view.length.toString(16)}\r\n`;
  const frame = Buffer.allocUnsafe(size.length + view.length + 2);
  frame.write(size, 0, "latin1");
  view.copy(frame, size.length);
  frame[frame.length - 2] = 13;
  frame[frame.length - 1] = 10;
  return frame;
}

/** All pieces as one text of a byte per character. */
export function textOf(pieces: readonly Buffer[]): string {
  let text = "";
  for (const piece of pieces) text += piece.toString("latin1", 0, piece.length);
  return text;
}
