// Where access log lines go, which a new config may say anew.
import type { Counter } from "../core/meter.ts";
import type { Prepared } from "../core/prepared.ts";
import { type Lines, type LineWriter, openWriter } from "./writer.ts";

const STAYS: Prepared = { commit: () => {}, undo: () => {} };

export class Output implements Lines {
  readonly #dropped: Counter;
  #target: string;
  #writer: LineWriter;

  /** Opens `target`, as `openWriter` does. */
  constructor(target: string, dropped: Counter) {
    this.#dropped = dropped;
    this.#target = target;
    this.#writer = openWriter(target, dropped);
  }

  write(line: string): void {
    this.#writer.write(line);
  }

  /** Opens `target`, too, and throws when that cannot be. What was written before still goes where it was to go. */
  prepare(target: string): Prepared {
    if (target === this.#target) return STAYS;
    const writer = openWriter(target, this.#dropped);
    return {
      undo: () => void writer.close(),
      commit: () => {
        const old = this.#writer;
        this.#target = target;
        this.#writer = writer;
        void old.close();
      },
    };
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
