// A socket without a network: bytes are pushed in, and what is written is kept.
import { Duplex } from "node:stream";

export class Wire extends Duplex {
  written = "";
  /** What the reader behind it complained about. */
  complaint = "";

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString("latin1");
    done();
  }
}

/** Lets everything that waits on the event loop happen: two turns are enough for a wire. */
export async function settle(): Promise<void> {
  for (let turns = 0; turns < 2; turns++) await new Promise((next) => setImmediate(next));
}
