// One run: clients, sidecars with a limiter each, and the service before which they stand.
//
// It is deterministic, and the work of a request depends on the seed and its number alone, so that whoever
// limits what comes, the same requests take the same time.
import { Admission } from "../../../src/policy/admission.ts";
import { RouteLoad } from "../../../src/policy/routeload.ts";
import type { Limiter } from "../../../src/policy/slots.ts";
import { Ticket } from "../../../src/policy/ticket.ts";
import { type Duration, draw, Stream } from "../chance.ts";
import { type Discipline, type Episode, serviceOf } from "./services.ts";
import { Timeline } from "./timeline.ts";

export interface Cell {
  readonly workers: number;
  readonly time: Duration;
  readonly discipline?: Discipline;
  /** What comes, in parts of what the service can do when all is well; at a time in milliseconds. */
  readonly load: number | ((now: number) => number);
  readonly episodes?: readonly Episode[];
  readonly pauses?: { readonly every: number; readonly ms: number };
  readonly sidecars?: number;
  /** How often a client asks again that was refused, after 50 to 150 ms. */
  readonly retries?: number;
  /** The rank of a request, by chance in [0, 1). */
  readonly rank?: (chance: number) => number;
  /** Who asks, by chance in [0, 1). */
  readonly caller?: (chance: number) => number;
  readonly fair?: boolean;
  /** How long it runs, and from when on it counts, in milliseconds. */
  readonly ms: number;
  readonly from: number;
}

export interface Outcome {
  /** Of requests done: when, how long it took from the client's first attempt, and their rank. */
  readonly ends: Float64Array;
  readonly tooks: Float64Array;
  readonly ranks: Uint8Array;
  readonly callers: Uint32Array;
  readonly count: number;
  /** Refused for good, by when. */
  readonly refused: Float64Array;
  readonly limiters: readonly Limiter[];
}

export function meanOf(time: Duration): number {
  return time.kind === "bimodal" ? time.short + time.share * (time.long - time.short) : time.mean;
}

/** Requests that the service can do in a millisecond. */
export function capacityOf({ workers, time, discipline }: Cell): number {
  const mean = meanOf(time);
  return ((discipline === "stages" ? 2 : 1) * workers) / mean;
}

interface Request {
  readonly number: number;
  readonly came: number;
  readonly rank: number;
  readonly caller: number;
  tries: number;
  sentAt: number;
  ticket: Ticket | undefined;
}

const TICK_MS = 10;
const SETTINGS = {
  mode: "enforce",
  queue: { size: "auto", wait: "auto" },
  streams: 0,
} as const;

export class Run {
  readonly #cell: Cell;
  readonly #seed: number;
  readonly #arrivals: Stream;
  readonly #whims: Stream;
  readonly #service;
  readonly #sidecars: { admission: Admission; route: RouteLoad }[] = [];
  readonly #again = new Timeline();
  readonly #known = new Map<number, Request>();
  readonly #capacity: number;
  readonly #ends: number[] = [];
  readonly #tooks: number[] = [];
  readonly #ranks: number[] = [];
  readonly #callers: number[] = [];
  readonly #refused: number[] = [];
  #count = 0;
  #now = 0;

  constructor(cell: Cell, seed: number, make: (sidecar: number) => Limiter) {
    this.#cell = cell;
    this.#seed = seed;
    this.#arrivals = new Stream(seed, "arrivals");
    this.#whims = new Stream(seed, "whims");
    const { workers, discipline = "fifo", episodes = [], pauses } = cell;
    this.#service = serviceOf({ workers, discipline, episodes, pauses });
    this.#capacity = capacityOf(cell);
    for (let i = 0; i < (cell.sidecars ?? 1); i++) {
      const world = { wouldRefuse: () => {}, waited: () => {} };
      const settings = { ...SETTINGS, fair: cell.fair ?? false };
      this.#sidecars.push({
        admission: new Admission(settings, make(i), world),
        route: new RouteLoad(),
      });
    }
  }

  /** `look` is called at every tick. */
  play(look: (now: number, run: Run) => void = () => {}): Outcome {
    const { ms } = this.#cell;
    let arrival = this.#gap();
    let tick = TICK_MS;
    while (true) {
      const now = Math.min(arrival, this.#service.next, tick, this.#again.next);
      if (now >= ms) break;
      this.#now = now;
      if (now === this.#service.next) this.#done();
      else if (now === arrival) {
        this.#arrive();
        arrival = now + this.#gap();
      } else if (now === this.#again.next) {
        const request = this.#known.get(this.#again.take());
        if (request !== undefined) this.#enter(request);
      } else {
        tick += TICK_MS;
        for (const { admission } of this.#sidecars) admission.tick(now, 0);
        look(now, this);
      }
    }
    return {
      ends: Float64Array.from(this.#ends),
      tooks: Float64Array.from(this.#tooks),
      ranks: Uint8Array.from(this.#ranks),
      callers: Uint32Array.from(this.#callers),
      count: this.#count,
      refused: Float64Array.from(this.#refused),
      limiters: this.limiters,
    };
  }

  get limiters(): readonly Limiter[] {
    return this.#sidecars.map(({ admission }) => admission.limiter);
  }

  get admissions(): readonly Admission[] {
    return this.#sidecars.map(({ admission }) => admission);
  }

  #gap(): number {
    const { load } = this.#cell;
    const times = typeof load === "number" ? load : load(this.#now);
    return this.#arrivals.exponential(1 / (this.#capacity * times));
  }

  #arrive(): void {
    const { rank = () => 3, caller = (chance) => Math.floor(chance * 2 ** 32) } = this.#cell;
    const number = this.#count++;
    const request: Request = {
      number,
      came: this.#now,
      rank: rank(this.#whims.next()),
      caller: caller(this.#whims.next()),
      tries: 0,
      sentAt: 0,
      ticket: undefined,
    };
    this.#known.set(number, request);
    this.#enter(request);
  }

  #enter(request: Request): void {
    const { admission, route } = this.#sidecarOf(request);
    const ticket = new Ticket({
      rank: request.rank,
      caller: request.caller,
      retry: request.tries > 0,
      deadline: Number.POSITIVE_INFINITY,
      stream: false,
      route,
    });
    request.ticket = ticket;
    const said = admission.enter(ticket, this.#now);
    if (said === "granted") this.#send(request);
    else if (said !== "queued") this.#refuse(request);
    else {
      ticket.waiter = {
        granted: () => this.#send(request),
        refused: () => this.#refuse(request),
      };
    }
  }

  #sidecarOf({ number }: Request) {
    const sidecars = this.#sidecars;
    return sidecars[number % sidecars.length] as (typeof sidecars)[number];
  }

  #send(request: Request): void {
    request.sentAt = this.#now;
    const chance = new Stream(this.#seed + request.number, "work");
    this.#service.add(this.#now, request.number, draw(this.#cell.time, chance));
  }

  #refuse(request: Request): void {
    const { retries = 0 } = this.#cell;
    if (request.tries < retries) {
      request.tries++;
      this.#again.add(this.#now + this.#whims.between(50, 150), request.number);
      return;
    }
    this.#known.delete(request.number);
    this.#refused.push(this.#now);
  }

  #done(): void {
    const number = this.#service.take();
    const request = number === undefined ? undefined : this.#known.get(number);
    if (request?.ticket === undefined) return;
    this.#known.delete(request.number);
    this.#ends.push(this.#now);
    this.#tooks.push(this.#now - request.came);
    this.#ranks.push(request.rank);
    this.#callers.push(request.caller);
    const { sentAt, ticket } = request;
    const sample = {
      sentAt,
      latencyMs: this.#now - sentAt,
      ok: true,
    };
    this.#sidecarOf(request).admission.settle(ticket, sample, this.#now);
  }
}
