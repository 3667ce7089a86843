// Bodies on their way out: RFC 9112 7.1.

/** Begins a chunk of so many bytes; CRLF ends it. */
export function chunkHead(bytes: number): string {
  return `${bytes.toString(16)}\r\n`;
}

/** The chunk of `text`, which has one character per byte; nothing for nothing. */
export function chunkOf(text: string): string {
  return text === "" ? "" : `${chunkHead(text.length)}${text}\r\n`;
}

/** Ends a chunked body; `trailers` are field lines, each ended by CRLF. */
export function lastChunk(trailers: string): string {
  return `0\r\n${trailers}\r\n`;
}
