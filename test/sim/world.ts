// The simulated world: its time, its chance, and what is to happen in it.
//
//   take the earliest event -> its time is now -> it happens -> every promise that it settles goes on -> next
//
// Between two events no microtask is left, so what happens does not depend on who awaits what how deep.
import type { Clock } from "../../src/core/clock.ts";
import { Stream } from "./chance.ts";
import { withoutRealWorld } from "./forbidden.ts";
import { Heap } from "./heap.ts";
import { Journal } from "./journal.ts";

/** The beginning of every world on the wall clock: 2026-01-01, midnight. */
const EPOCH = 1_767_225_600_000;

export class World implements Clock {
  readonly seed: number;
  readonly journal: Journal;
  /** Events that have happened. */
  events = 0;
  #now = 0;
  #order = 0;
  readonly #heap = new Heap();
  readonly #streams = new Set<string>();

  constructor(seed: number, journal: Journal = new Journal()) {
    this.seed = seed;
    this.journal = journal;
  }

  now(): number {
    return this.#now;
  }

  wall(): number {
    return EPOCH + this.#now;
  }

  /** The chance for one purpose; two consumers never share one. */
  stream(purpose: string): Stream {
    if (this.#streams.has(purpose)) throw new Error(`there is a stream ${purpose} already`);
    this.#streams.add(purpose);
    return new Stream(this.seed, purpose);
  }

  /** `happen` is called at `at`, in milliseconds; at once, after what is under way, when that is over. */
  at(at: number, happen: () => void): void {
    this.#heap.add({ at: Math.max(at, this.#now), order: this.#order++, happen });
  }

  after(ms: number, happen: () => void): void {
    this.at(this.#now + ms, happen);
  }

  /** Calls `happen` every `ms`, the first time in `ms`. */
  every(ms: number, happen: () => void): void {
    this.after(ms, () => {
      happen();
      this.every(ms, happen);
    });
  }

  note(what: string): void {
    this.journal.add(this.#now, what);
  }

  /** Lets everything happen that is due by `until`, in milliseconds. */
  async run(until: number): Promise<void> {
    await withoutRealWorld(async () => {
      await settled();
      for (let next = this.#heap.first; next !== undefined; next = this.#heap.first) {
        if (next.at > until) break;
        this.#heap.take();
        this.#now = next.at;
        this.events++;
        next.happen();
        await settled();
      }
      this.#now = until;
    });
  }
}

/** Resolves when no microtask is left: Node begins its next tick only then. */
function settled(): Promise<void> {
  return new Promise((resolve) => process.nextTick(resolve));
}
