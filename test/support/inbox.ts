// Bytes that have arrived and are not read yet.

/** Joins chunks only when someone looks, and only once. */
export class Inbox {
  #chunks: Buffer[] = [];
  length = 0;

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.length += chunk.length;
  }

  /** Everything that is there. */
  bytes(): Buffer {
    if (this.#chunks.length > 1) this.#chunks = [Buffer.concat(this.#chunks)];
    return this.#chunks[0] ?? Buffer.alloc(0);
  }

  /** Forgets the first `count` bytes. */
  drop(count: number): void {
    const rest = this.bytes().subarray(count);
    this.#chunks = rest.length > 0 ? [rest] : [];
    this.length = rest.length;
  }
}
