// Services to be protected: how requests are worked on, and what that depends on.
import { Timeline } from "./timeline.ts";

/** How it works on what it has. */
export type Discipline =
  /** So many workers, and a queue before them. */
  | "fifo"
  /** As many CPUs, shared by all requests. */
  | "sharing"
  /** The same, which does less the more there are beyond what it has CPUs for. */
  | "collapse"
  /** Two rows of workers, one after the other; the second is the narrower by a tenth. */
  | "stages"
  /** As many workers as there are requests. */
  | "endless";

/** Something changes between two times, in milliseconds. */
export interface Episode {
  readonly from: number;
  readonly to: number;
  /** What the service times are multiplied by. */
  readonly factor?: number;
  /** The share of workers that is left. */
  readonly left?: number;
}

export interface Service {
  /** When the next request is done, if nothing comes before; Infinity without any. */
  readonly next: number;
  /** A request has come that takes `work` milliseconds of a worker. */
  add(now: number, request: number, work: number): void;
  /** What is done at `next`; undefined where it only goes on to a second stage. */
  take(): number | undefined;
}

export interface ServiceShape {
  readonly discipline: Discipline;
  readonly workers: number;
  readonly episodes: readonly Episode[];
  /** Stops altogether for `ms` once every `every` ms. */
  readonly pauses: { readonly every: number; readonly ms: number } | undefined;
}

export function serviceOf(shape: ServiceShape): Service {
  switch (shape.discipline) {
    case "fifo":
      return new Workers(shape, shape.workers);
    case "endless":
      return new Workers(shape, Number.POSITIVE_INFINITY);
    case "stages":
      return new Stages(shape);
    case "sharing":
    case "collapse":
      return new Sharing(shape);
  }
}

function factorAt(episodes: readonly Episode[], now: number): number {
  let all = 1;
  for (const { from, to, factor = 1 } of episodes) if (now >= from && now < to) all *= factor;
  return all;
}

function leftAt(episodes: readonly Episode[], now: number): number {
  let all = 1;
  for (const { from, to, left = 1 } of episodes) if (now >= from && now < to) all *= left;
  return all;
}

class Workers implements Service {
  readonly #shape: ServiceShape;
  readonly #workers: number;
  readonly #busy = new Timeline();
  readonly #waiting: { request: number; work: number }[] = [];
  #first = 0;

  constructor(shape: ServiceShape, workers: number) {
    this.#shape = shape;
    this.#workers = workers;
    // Workers that come back have to be given something.
    for (const { to, left } of shape.episodes) if (left !== undefined) this.#busy.add(to, -1);
  }

  get next(): number {
    return this.#busy.next;
  }

  add(now: number, request: number, work: number): void {
    this.#waiting.push({ request, work });
    this.#fill(now);
  }

  take(): number | undefined {
    const now = this.next;
    const request = this.#busy.take();
    this.#fill(now);
    return request < 0 ? undefined : request;
  }

  #fill(now: number): void {
    const { episodes } = this.#shape;
    const pending = episodes.filter(({ to, left }) => left !== undefined && to > now).length;
    const able = Math.ceil(this.#workers * leftAt(episodes, now));
    while (this.#first < this.#waiting.length && this.#busy.length - pending < able) {
      const { request, work } = this.#waiting[this.#first++] as { request: number; work: number };
      this.#busy.add(this.#end(now, work * factorAt(episodes, now)), request);
    }
    if (this.#first > 1024 && this.#first * 2 > this.#waiting.length) {
      this.#waiting.splice(0, this.#first);
      this.#first = 0;
    }
  }

  /** When work is done that begins now: pauses do not count. */
  #end(now: number, work: number): number {
    const { pauses } = this.#shape;
    if (pauses === undefined) return now + work;
    const { every, ms } = pauses;
    const at = (time: number): number => time - every * Math.floor(time / every);
    // A pause is the beginning of each period but the first.
    let end = now;
    let left = work;
    while (true) {
      const within = at(end);
      if (within < ms && end >= every) end += ms - within;
      const until = every - at(end);
      if (left <= until) return end + left;
      left -= until;
      end += until;
    }
  }
}

class Stages implements Service {
  readonly #one: Workers;
  readonly #two: Workers;
  readonly #works = new Map<number, number>();

  constructor(shape: ServiceShape) {
    this.#one = new Workers(shape, Math.ceil(shape.workers * 1.1));
    this.#two = new Workers(shape, shape.workers);
  }

  get next(): number {
    return Math.min(this.#one.next, this.#two.next);
  }

  add(now: number, request: number, work: number): void {
    this.#works.set(request, work / 2);
    this.#one.add(now, request, work / 2);
  }

  take(): number | undefined {
    const now = this.next;
    if (this.#two.next <= this.#one.next) return this.#two.take();
    const request = this.#one.take();
    if (request === undefined) return undefined;
    this.#two.add(now, request, this.#works.get(request) ?? 0);
    this.#works.delete(request);
    return undefined;
  }
}

/** All get the same share; time is counted in what each has got. */
class Sharing implements Service {
  readonly #shape: ServiceShape;
  readonly #ends = new Timeline();
  #got = 0;
  #now = 0;

  constructor(shape: ServiceShape) {
    this.#shape = shape;
  }

  get next(): number {
    if (this.#ends.length === 0) return Number.POSITIVE_INFINITY;
    const left = Math.max(0, this.#ends.next - this.#got);
    const end = this.#now + left / this.#rate;
    return Math.min(end, this.#change(end));
  }

  add(now: number, request: number, work: number): void {
    this.#advance(now);
    this.#ends.add(this.#got + work, request);
  }

  take(): number | undefined {
    const now = this.next;
    const changes = this.#change(now) <= now;
    this.#advance(now);
    return changes ? undefined : this.#ends.take();
  }

  /** The first change after now and before `end`, else Infinity. */
  #change(end: number): number {
    let first = Number.POSITIVE_INFINITY;
    for (const { from, to } of this.#shape.episodes) {
      for (const at of [from, to]) if (at > this.#now && at <= end) first = Math.min(first, at);
    }
    return first;
  }

  /** What each gets of one millisecond. */
  get #rate(): number {
    const { workers, discipline, episodes } = this.#shape;
    const able = workers * leftAt(episodes, this.#now);
    const { length } = this.#ends;
    const beyond = Math.max(0, (length - able) / able);
    const total = discipline === "collapse" ? able / (1 + beyond / 2) : able;
    return Math.min(1, total / length) / factorAt(episodes, this.#now);
  }

  #advance(now: number): void {
    if (this.#ends.length > 0) this.#got += (now - this.#now) * this.#rate;
    this.#now = now;
  }
}
