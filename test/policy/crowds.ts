// A crowd before a service of so many workers, and an admission between them: events in the order of time,
// seeded chance, no clock.
import { Admission, type AdmissionSettings } from "../../src/policy/admission.ts";
import { hashOf } from "../../src/policy/criticality.ts";
import { RouteLoad } from "../../src/policy/routeload.ts";
import { FixedLimit } from "../../src/policy/slots.ts";
import { Ticket } from "../../src/policy/ticket.ts";
import { Stream } from "../sim/chance.ts";
import { Heap } from "../sim/heap.ts";

export const SETTINGS: AdmissionSettings = {
  mode: "enforce",
  queue: { size: "auto", wait: "auto" },
  streams: 100,
  fair: false,
};

/** Part of a crowd: requests that come by chance, `rate` a second on average. */
export interface Flow {
  readonly name: string;
  readonly rate: number;
  readonly rank?: number;
  /** As how many callers; 1 where it is left out. */
  readonly callers?: number;
  readonly retry?: boolean;
  readonly serviceMs?: number;
  readonly route?: string;
  readonly timeoutMs?: number;
}

/** What became of a flow, or of one caller of it. */
interface Fate {
  asked: number;
  answered: number;
  /** Of those answered: until the answer, in milliseconds. */
  readonly took: number[];
  readonly refused: Record<string, number>;
}

interface CrowdSettings {
  readonly workers: number;
  /** As many as there are workers, where it is left out. */
  readonly limit?: number;
  readonly serviceMs: number;
  /** Do all requests take the same time? Otherwise times are drawn by chance. */
  readonly constant?: boolean;
  readonly seconds: number;
  /** What comes before is not counted, in seconds. */
  readonly from?: number;
  readonly seed?: number;
  readonly settings?: Partial<AdmissionSettings>;
  /** The service takes so many times as long at `now`, in milliseconds. */
  readonly slow?: (flow: Flow, now: number) => number;
}

export class Crowd {
  readonly admission: Admission;
  readonly wouldRefuse: Record<string, number> = {};
  /** The most that there ever were. */
  mostInFlight = 0;
  readonly #settings: CrowdSettings;
  readonly #random: Stream;
  readonly #events = new Heap();
  readonly #fates = new Map<string, Fate>();
  readonly #routes = new Map<string, RouteLoad>();
  /** When each worker will have done what it has got. */
  readonly #workers: number[];
  #order = 0;
  #now = 0;

  constructor(settings: CrowdSettings, flows: readonly Flow[]) {
    const { workers, limit = workers, seed = 1 } = settings;
    this.#settings = settings;
    this.#random = new Stream(seed, "crowd");
    this.#workers = Array.from({ length: workers }, () => 0);
    const all = { ...SETTINGS, ...settings.settings };
    this.admission = new Admission(all, new FixedLimit(limit), {
      wouldRefuse: (reason) => add(this.wouldRefuse, reason),
      waited: () => {},
    });
    for (const flow of flows) this.#next(flow);
    this.#tick();
    for (let { first } = this.#events; first !== undefined; { first } = this.#events) {
      if (first.at > settings.seconds * 1000) break;
      this.#now = first.at;
      this.#events.take().happen();
    }
  }

  /** Of a flow; of one of its callers. */
  fate(name: string, caller?: number): Fate {
    const key = caller === undefined ? name : `${name} ${caller}`;
    const fate = this.#fates.get(key) ?? { asked: 0, answered: 0, took: [], refused: {} };
    this.#fates.set(key, fate);
    return fate;
  }

  /** The share of those that asked that were answered in time. */
  share(name: string, caller?: number): number {
    const { asked, answered } = this.fate(name, caller);
    return answered / asked;
  }

  /** The share of what the service could do that was done, where everything takes the usual time. */
  goodput(...names: readonly string[]): number {
    const { workers, seconds, from = 0, serviceMs } = this.#settings;
    const answered = names.reduce((sum, name) => sum + this.fate(name).answered, 0);
    return answered / ((workers * 1000 * (seconds - from)) / serviceMs);
  }

  /** So many milliseconds were enough for a share of those answered. */
  percentile(name: string, share: number): number {
    const took = this.fate(name).took.toSorted((a, b) => a - b);
    return took[Math.floor(share * took.length)] ?? Number.NaN;
  }

  #at(at: number, happen: () => void): void {
    this.#events.add({ at, order: this.#order++, happen });
  }

  #tick(): void {
    this.admission.tick(this.#now, 0);
    this.#at(this.#now + 10, () => this.#tick());
  }

  #next(flow: Flow): void {
    const wait = this.#random.exponential(1000 / flow.rate);
    this.#at(this.#now + wait, () => {
      this.#next(flow);
      this.#arrive(flow, this.#random.below(flow.callers ?? 1));
    });
  }

  #arrive(flow: Flow, caller: number): void {
    const { name, rank = 3, retry = false, timeoutMs = Number.POSITIVE_INFINITY } = flow;
    const came = this.#now;
    const counted = came >= (this.#settings.from ?? 0) * 1000;
    const fates = counted ? [this.fate(name), this.fate(name, caller)] : [];
    for (const fate of fates) fate.asked++;
    const route = this.#routes.get(flow.route ?? "all") ?? new RouteLoad();
    this.#routes.set(flow.route ?? "all", route);
    const deadline = came + timeoutMs;
    const [hash, stream] = [hashOf(`${name} ${caller}`), false];
    const ticket = new Ticket({ rank, caller: hash, retry, deadline, stream, route });
    const granted = (): void =>
      this.#work(ticket, flow, () => {
        if (this.#now > deadline) return;
        for (const fate of fates) {
          fate.answered++;
          fate.took.push(this.#now - came);
        }
      });
    const refused = (reason: string): void => {
      for (const fate of fates) add(fate.refused, reason);
    };
    ticket.waiter = { granted, refused };
    const entered = this.admission.enter(ticket, came);
    if (entered === "granted") granted();
    else if (entered !== "queued") refused(entered);
  }

  /** The service works first come, first served. */
  #work(ticket: Ticket, flow: Flow, done: () => void): void {
    const { serviceMs, constant = false, slow } = this.#settings;
    const sentAt = this.#now;
    this.mostInFlight = Math.max(this.mostInFlight, this.admission.inFlight);
    const mean = (flow.serviceMs ?? serviceMs) * (slow?.(flow, sentAt) ?? 1);
    const takes = constant ? mean : this.#random.exponential(mean);
    const free = Math.min(...this.#workers);
    const ends = Math.max(sentAt, free) + takes;
    this.#workers[this.#workers.indexOf(free)] = ends;
    this.#at(ends, () => {
      const latencyMs = this.#now - sentAt;
      this.admission.settle(ticket, { sentAt, latencyMs, ok: true }, this.#now);
      done();
    });
  }
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
