// One run: clients, sidecars with a limiter each, and the service before which they stand.
//
// It is deterministic, and the work of a request depends on the seed and its number alone, so that whoever
// limits what comes, the same requests take the same time.
import type { Reason } from "../../../src/core/refusal.ts";
import { Admission } from "../../../src/policy/admission.ts";
import { RouteLoad } from "../../../src/policy/routeload.ts";
import type { Limiter, Sample } from "../../../src/policy/slots.ts";
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

/** Decides who is worked on: our own admission, or that of another school. */
export interface Gate {
  /** Anything but the first two is a refusal. Who is queued hears the rest by the ticket's waiter. */
  enter(ticket: Ticket, now: number): "granted" | "queued" | Reason;
  /** What was granted has ended. */
  settle(ticket: Ticket, sample: Sample, now: number): void;
  /** To be called every 10 ms. */
  tick(now: number, hour: number): void;
}

/** What became of requests: one place in each list for each of them. */
export interface Outcome {
  /** Of those that were done, in the order of their ends: when, and how long since the client's first attempt. */
  readonly ends: Float64Array;
  readonly tooks: Float64Array;
  readonly ranks: Uint8Array;
  readonly callers: Uint32Array;
  /** How long a worker had to work on it, when all is well. */
  readonly works: Float64Array;
  /** Refused for good, from when on it counts. */
  readonly lost: { readonly ranks: Uint8Array; readonly callers: Uint32Array };
  /** How many requests came. */
  readonly count: number;
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
  work: number;
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
  readonly #sidecars: { gate: Gate; route: RouteLoad }[] = [];
  readonly #again = new Timeline();
  readonly #known = new Map<number, Request>();
  readonly #capacity: number;
  readonly #ends: number[] = [];
  readonly #tooks: number[] = [];
  readonly #ranks: number[] = [];
  readonly #callers: number[] = [];
  readonly #works: number[] = [];
  readonly #lostRanks: number[] = [];
  readonly #lostCallers: number[] = [];
  #count = 0;
  #now = 0;

  constructor(cell: Cell, seed: number, make: (sidecar: number) => Limiter | Gate) {
    this.#cell = cell;
    this.#seed = seed;
    this.#arrivals = new Stream(seed, "arrivals");
    this.#whims = new Stream(seed, "whims");
    const { workers, discipline = "fifo", episodes = [], pauses } = cell;
    this.#service = serviceOf({ workers, discipline, episodes, pauses });
    this.#capacity = capacityOf(cell);
    for (let i = 0; i < (cell.sidecars ?? 1); i++) {
      this.#sidecars.push({ gate: gateOf(make(i), cell), route: new RouteLoad() });
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
      if (now === this.#service.next) this.#end();
      else if (now === arrival) {
        this.#arrive();
        arrival = now + this.#gap();
      } else if (now === this.#again.next) {
        const request = this.#known.get(this.#again.take());
        if (request !== undefined) this.#enter(request);
      } else {
        tick += TICK_MS;
        for (const { gate } of this.#sidecars) gate.tick(now, 0);
        look(now, this);
      }
    }
    return {
      ends: new Float64Array(this.#ends),
      tooks: new Float64Array(this.#tooks),
      ranks: new Uint8Array(this.#ranks),
      callers: new Uint32Array(this.#callers),
      works: new Float64Array(this.#works),
      lost: {
        ranks: new Uint8Array(this.#lostRanks),
        callers: new Uint32Array(this.#lostCallers),
      },
      count: this.#count,
    };
  }

  get gates(): readonly Gate[] {
    return this.#sidecars.map(({ gate }) => gate);
  }

  /** Requests that have come and are not over: they wait, are worked on, or will be tried again. */
  get open(): number {
    return this.#known.size;
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
      work: 0,
      ticket: undefined,
    };
    this.#known.set(number, request);
    this.#enter(request);
  }

  #enter(request: Request): void {
    const { gate, route } = this.#sidecarOf(request);
    const ticket = new Ticket({
      rank: request.rank,
      caller: request.caller,
      retry: request.tries > 0,
      deadline: Number.POSITIVE_INFINITY,
      stream: false,
      route,
    });
    request.ticket = ticket;
    const said = gate.enter(ticket, this.#now);
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
    request.work = draw(this.#cell.time, chance);
    this.#service.add(this.#now, request.number, request.work);
  }

  #refuse(request: Request): void {
    const { retries = 0 } = this.#cell;
    if (request.tries < retries) {
      request.tries++;
      this.#again.add(this.#now + this.#whims.between(50, 150), request.number);
      return;
    }
    this.#known.delete(request.number);
    if (this.#now < this.#cell.from) return;
    this.#lostRanks.push(request.rank);
    this.#lostCallers.push(request.caller);
  }

  #end(): void {
    const number = this.#service.take();
    const request = number === undefined ? undefined : this.#known.get(number);
    if (request?.ticket === undefined) return;
    this.#known.delete(request.number);
    this.#ends.push(this.#now);
    this.#tooks.push(this.#now - request.came);
    this.#ranks.push(request.rank);
    this.#callers.push(request.caller);
    this.#works.push(request.work);
    const { sentAt, ticket } = request;
    const sample = {
      sentAt,
      latencyMs: this.#now - sentAt,
      ok: true,
    };
    this.#sidecarOf(request).gate.settle(ticket, sample, this.#now);
  }
}

/** A limiter stands before the service with our queue and our rules of who gives way. */
function gateOf(made: Limiter | Gate, { fair = false }: Cell): Gate {
  if ("enter" in made) return made;
  return new Admission({ ...SETTINGS, fair }, made, { wouldRefuse: () => {}, waited: () => {} });
}
