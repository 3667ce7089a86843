// What is to happen, the earliest first; of two at the same time the one that was filed first.

export interface Event {
  readonly at: number;
  /** Counts up: it decides between events of the same time. */
  readonly order: number;
  readonly happen: () => void;
}

/** A binary heap of events. */
export class Heap {
  readonly #events: Event[] = [];

  get first(): Event | undefined {
    return this.#events[0];
  }

  add(event: Event): void {
    const events = this.#events;
    let place = events.length;
    events.push(event);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = events[above] as Event;
      if (isBefore(parent, event)) break;
      events[place] = parent;
      place = above;
    }
    events[place] = event;
  }

  /** Takes out the first one, which must be there. */
  take(): Event {
    const events = this.#events;
    const first = events[0] as Event;
    const last = events.pop() as Event;
    if (events.length > 0) this.#sink(last);
    return first;
  }

  #sink(event: Event): void {
    const events = this.#events;
    const { length } = events;
    let place = 0;
    for (let child = 1; child < length; child = 2 * place + 1) {
      const right = events[child + 1];
      if (right !== undefined && isBefore(right, events[child] as Event)) child++;
      const smaller = events[child] as Event;
      if (isBefore(event, smaller)) break;
      events[place] = smaller;
      place = child;
    }
    events[place] = event;
  }
}

function isBefore(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.order < b.order);
}
