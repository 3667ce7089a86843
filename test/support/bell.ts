// Waiting without sleeping: something rings on every event, and waiters look again.

interface Waiter {
  readonly holds: () => boolean;
  readonly go: () => void;
}

/** Lets a test wait for a condition that only events can make true. */
export class Bell {
  readonly #waiters = new Set<Waiter>();

  /** To be called after each event that may have changed something. */
  ring(): void {
    for (const waiter of this.#waiters) {
      if (!waiter.holds()) continue;
      this.#waiters.delete(waiter);
      waiter.go();
    }
  }

  /** Resolves as soon as `holds` returns true: at once, or after some ring. */
  until(holds: () => boolean): Promise<void> {
    if (holds()) return Promise.resolve();
    return new Promise((go) => this.#waiters.add({ holds, go }));
  }
}
