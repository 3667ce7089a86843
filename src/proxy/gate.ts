// The admission of one cluster at work: gives requests their tickets, lets them wait, and counts.
//
// Where the config has no limit there is no gate to pass: every request is admitted as it comes.
import { CRITICALITIES } from "../core/criticality.ts";
import type { Exchange, ResponseHead } from "../core/exchange.ts";
import { LIMIT, QUEUE_DEPTH, QUEUE_WAIT, WOULD_REFUSE } from "../core/families.ts";
import type { Meter } from "../core/meter.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import { AdaptiveLimiter, type Bounds } from "../policy/adaptive.ts";
import { Admission, type AdmissionSettings } from "../policy/admission.ts";
import { FixedLimit, type Limiter } from "../policy/slots.ts";
import type { Ticket } from "../policy/ticket.ts";
import { WatchingLimiter } from "../policy/watching.ts";
import { type Entrance, isStream } from "./entrance.ts";
import { Heed } from "./heed.ts";
import type { Story } from "./record.ts";

/** What the config says of it; times in milliseconds. */
export interface GateSettings {
  readonly concurrency?: {
    /** Without one there is no gate. */
    readonly limit?: number | "adaptive";
    /** Of an adaptive limit. */
    readonly min: number;
    readonly max: number;
    readonly mode: "enforce" | "report" | "off";
    readonly queue: AdmissionSettings["queue"];
    readonly streams: number;
  };
  /** The header that names callers, in lower case. */
  readonly fairness?: { readonly key: string };
  /** Are endpoints sidecars whose threshold is heeded? */
  readonly peerThreshold?: { readonly heed: boolean };
}

/** What gates share with the rest of the sidecar. */
export interface GateWorld {
  readonly wheel: Wheel;
  readonly now: () => number;
  /** Milliseconds since 1970. */
  readonly wall: () => number;
  readonly meter: Meter;
}

/** What `GET /state` tells of it. */
export interface GateState {
  readonly mode: "enforce" | "report";
  readonly limit: number;
  /** Requests that count to the limit, and those that do not. */
  readonly inFlight: number;
  readonly streams: number;
  readonly waiting: number;
  readonly mostWaiting: number;
  /** The class and the cohort from which on arrivals are refused; undefined when none are. */
  readonly threshold: string | undefined;
}

const HOUR_MS = 3_600_000;
/** Refused callers come back over so many seconds, the more the more there are of them. */
const [LEAST_SPREAD_S, MOST_SPREAD_S] = [3, 60];

export class Gate {
  readonly #cluster: string;
  readonly #world: GateWorld;
  readonly #timer = new Timer(() => this.#tick());
  /** Kept when the limit is taken away: there may be tickets to settle. */
  #admission: Admission | undefined;
  #adaptive: AdaptiveLimiter | undefined;
  /** The same where nothing is held back. */
  #watching: WatchingLimiter | undefined;
  /** Undefined while there is no gate to pass. */
  #mode: GateState["mode"] | undefined;
  #key: string | undefined;
  #threshold: string | undefined;
  /** Undefined where no threshold of endpoints is heeded. */
  heed: Heed | undefined;

  constructor(cluster: string, world: GateWorld) {
    this.#cluster = cluster;
    this.#world = world;
  }

  /** Goes on with new settings. Where there is no limit any more, whoever waits is let in. */
  configure({ concurrency, fairness, peerThreshold }: GateSettings): void {
    this.heed =
      peerThreshold?.heed === true ? (this.heed ?? new Heed(this.#world.wall)) : undefined;
    const before = this.#mode;
    this.#key = fairness?.key;
    if (concurrency?.limit === undefined || concurrency.mode === "off") this.#mode = undefined;
    else {
      const { limit, mode, queue, streams } = concurrency;
      const limiter = this.#limiter(limit, mode, concurrency);
      const settings = { mode, queue, streams, fair: fairness !== undefined };
      this.#mode = mode;
      if (this.#admission === undefined) this.#admission = this.#make(settings, limiter);
      else this.#admission.update(settings, limiter);
    }
    if (before !== this.#mode) this.#switched(before === undefined);
  }

  /** How many wait to be let in. */
  get waiting(): number {
    return this.#mode === "enforce" ? (this.#admission?.room.length ?? 0) : 0;
  }

  /** The class and the cohort from which on arrivals are refused; undefined while none are. */
  get threshold(): string | undefined {
    return this.#threshold;
  }

  /** Over how many seconds callers that are refused are to come back. */
  get spreadS(): number {
    const excess = this.#admission?.shedding.excess ?? 1;
    return Math.min(MOST_SPREAD_S, Math.ceil(LEAST_SPREAD_S * excess));
  }

  get state(): GateState | undefined {
    if (this.#mode === undefined || this.#admission === undefined) return undefined;
    const { limiter, room, inFlight, streams } = this.#admission;
    return {
      ...{ mode: this.#mode, limit: limiter.limit, inFlight, streams },
      ...{ waiting: room.length, mostWaiting: room.bound, threshold: this.#threshold },
    };
  }

  /**
   * A request has come. Its story has it when it is admitted, or why it is not; when it has to wait first, what
   * is returned resolves then, with the time.
   */
  enter(
    exchange: Exchange,
    story: Story,
    entrance: Entrance,
    now: number,
  ): Promise<number> | undefined {
    if (this.heed?.refuses(exchange, story.rank, this.#key, now) === true) {
      story.refused = "shed_priority";
      return undefined;
    }
    const admission = this.#admission;
    if (this.#mode === undefined || admission === undefined) {
      story.admitted = true;
      return undefined;
    }
    const ticket = entrance.ticket(exchange, story, this.#key);
    const said = admission.enter(ticket, now);
    if (this.#timer.deadline === Number.POSITIVE_INFINITY) this.#arm();
    story.meets(ticket, admission.limiter.limit, admission.inFlight);
    if (said === "queued") return this.#wait(exchange, story, ticket);
    if (said === "granted") story.admitted = true;
    else story.refused = said;
    return undefined;
  }

  /** A request that was admitted has begun to be answered with `head`, and more is to come. */
  flows({ ticket }: Story, head: ResponseHead | undefined, now: number): void {
    if (ticket === undefined || head === undefined || !isStream(head)) return;
    this.#admission?.becomesStream(ticket, now);
  }

  /** A request that was admitted is over. */
  leave({ ticket, sample }: Story, now: number): void {
    if (ticket !== undefined) this.#admission?.settle(ticket, sample, now);
  }

  /** Nothing will come any more. */
  close(): void {
    this.#world.wheel.disarm(this.#timer);
  }

  /** What an adaptive limit has learnt is kept, whatever is configured in between. */
  #limiter(limit: number | "adaptive", mode: GateState["mode"], { min, max }: Bounds): Limiter {
    if (limit !== "adaptive") return new FixedLimit(limit);
    if (mode === "report") {
      this.#watching ??= new WatchingLimiter({ min, max });
      this.#watching.bounds = { min, max };
      return this.#watching;
    }
    if (this.#adaptive === undefined) this.#adaptive = new AdaptiveLimiter({ min, max });
    else this.#adaptive.bounds = { min, max };
    return this.#adaptive;
  }

  #make(settings: AdmissionSettings, limiter: Limiter): Admission {
    const { meter } = this.#world;
    const cluster = this.#cluster;
    const waits = meter.histogram(QUEUE_WAIT, { cluster });
    return new Admission(settings, limiter, {
      waited: (ms) => {
        if (this.#mode === "enforce") waits.observe(ms / 1000);
      },
      wouldRefuse: (reason, { rank }) => {
        const criticality = CRITICALITIES[rank] ?? "";
        meter.counter(WOULD_REFUSE, { cluster, reason, criticality }).add();
      },
    });
  }

  /** There is a gate now where there was none, or there is none any more, or it only reports. */
  #switched(opened: boolean): void {
    const { meter, now } = this.#world;
    const cluster = this.#cluster;
    if (this.#mode !== "enforce") this.#admission?.release(now());
    if (this.#mode === undefined) {
      for (const family of [LIMIT, QUEUE_DEPTH]) meter.drop({ cluster }, family);
    } else if (opened) {
      meter.gauge(LIMIT, { cluster }).read = () => this.#admission?.limiter.limit ?? 0;
      meter.gauge(QUEUE_DEPTH, { cluster }).read = () => this.waiting;
    }
  }

  /** Waits until there is an answer, or nobody who would hear it. */
  #wait(exchange: Exchange, story: Story, ticket: Ticket): Promise<number> {
    return new Promise((resolve) => {
      const begun = ticket.since;
      const ends = (now: number): void => {
        story.queuedMs = now - begun;
        resolve(now);
      };
      ticket.waiter = {
        granted: (now) => {
          story.admitted = true;
          ends(now);
        },
        refused: (reason, now) => {
          story.refused = reason;
          ends(now);
        },
      };
      const nothing = (): void => {};
      const onGone = (): void => {
        if (ticket.state !== "waiting") return;
        const now = this.#world.now();
        this.#admission?.leave(ticket, now);
        ends(now);
      };
      const deaf = { onDeadline: nothing, onResponseDrain: nothing, onBodyBlocked: nothing };
      exchange.listener = { onGone, ...deaf };
      if (exchange.gone || exchange.wrong !== undefined) onGone();
    });
  }

  #arm(): void {
    const { wheel } = this.#world;
    wheel.arm(this.#timer, wheel.tickMs);
  }

  /** Every tick of the wheel, until there is nothing that time could change. */
  #tick(): void {
    const admission = this.#admission;
    if (admission === undefined) return;
    const { now, wall } = this.#world;
    admission.tick(now(), Math.floor(wall() / HOUR_MS));
    const { threshold, active } = admission.shedding;
    this.#threshold = threshold.at && thresholdText(threshold.at);
    if (active || admission.inFlight > 0 || admission.room.length > 0) this.#arm();
  }
}

function thresholdText({ rank, cohort }: { rank: number; cohort: number }): string {
  return `${CRITICALITIES[rank]}/${cohort}`;
}
