// What is to happen, the earliest first: a binary heap of times and numbers, without an object for each.
export class Timeline {
  readonly #times: number[] = [];
  readonly #items: number[] = [];

  /** When the first one is; Infinity without any. */
  get next(): number {
    return this.#times[0] ?? Number.POSITIVE_INFINITY;
  }

  get length(): number {
    return this.#times.length;
  }

  add(time: number, item: number): void {
    const [times, items] = [this.#times, this.#items];
    let place = times.length;
    times.push(time);
    items.push(item);
    while (place > 0) {
      const above = (place - 1) >> 1;
      const parent = times[above] as number;
      if (parent <= time) break;
      times[place] = parent;
      items[place] = items[above] as number;
      place = above;
    }
    times[place] = time;
    items[place] = item;
  }

  /** Takes out the first one, which must be there. */
  take(): number {
    const [times, items] = [this.#times, this.#items];
    const first = items[0] as number;
    const time = times.pop() as number;
    const item = items.pop() as number;
    const { length } = times;
    if (length === 0) return first;
    let place = 0;
    for (let child = 1; child < length; child = 2 * place + 1) {
      if (child + 1 < length && (times[child + 1] as number) < (times[child] as number)) child++;
      const smaller = times[child] as number;
      if (time <= smaller) break;
      times[place] = smaller;
      items[place] = items[child] as number;
      place = child;
    }
    times[place] = time;
    items[place] = item;
    return first;
  }
}
