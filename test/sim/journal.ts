// What happened, line by line. The same seed gives the same lines, and so the same digest.
import { createHash } from "node:crypto";

/** Lines that are digested, and written, at once. */
const BATCH = 512;

export class Journal {
  readonly #hash = createHash("sha256");
  readonly #write: (text: string) => void;
  #batch: string[] = [];
  lines = 0;

  /** `write` gets the lines, many at a time; nothing by default. */
  constructor(write: (text: string) => void = () => {}) {
    this.#write = write;
  }

  add(now: number, what: string): void {
    this.lines++;
    this.#batch.push(`${now.toFixed(3)} ${what}\n`);
    if (this.#batch.length >= BATCH) this.#flush();
  }

  /** SHA-256 of all lines. Nothing can be added any more. */
  digest(): string {
    this.#flush();
    return this.#hash.digest("hex");
  }

  #flush(): void {
    const text = this.#batch.join("");
    this.#batch = [];
    this.#hash.update(text);
    this.#write(text);
  }
}
