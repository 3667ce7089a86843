// Who is worked on, who waits, who is refused: limit, queue, criticality and fairness, put together.
//
//   too late to be answered in time --------------------------------> deadline_expired
//   its route has got its part --------------------------------------> queue_full
//   a slot is free and nobody waits --------------------------------> granted
//   its class or cohort, or its caller, gives way ------------------> shed_priority, shed_fairness
//   waits; granted when its turn comes; else queue_timeout, deadline_expired, queue_full, or shed_priority
//   where it made room for a higher class
//
// A free slot is never kept from a request that could use it, whatever its class. In report mode all of
// this happens to the tickets, and none of it to the requests.
import type { Reason } from "../core/refusal.ts";
import { Room, type RoomSettings } from "./room.ts";
import { RouteLoads } from "./routeload.ts";
import { Shedding } from "./shedding.ts";
import type { Limiter, Sample } from "./slots.ts";
import type { Ticket } from "./ticket.ts";

/** What the config says of a cluster's admission. */
export interface AdmissionSettings {
  /** In report mode everything is decided and nothing refused. */
  readonly mode: "enforce" | "report";
  readonly queue: RoomSettings;
  /** The most streams at once, beside the limit. */
  readonly streams: number;
  /** Are callers known by a key, so that heavy ones can be cut down to their share? */
  readonly fair: boolean;
}

/** Who hears of what is not told to a waiter. */
export interface AdmissionWorld {
  /** It would have been refused, but for report mode. */
  wouldRefuse(reason: Reason, ticket: Ticket): void;
  /** Somebody has waited so long, and was granted a slot. */
  waited(ms: number): void;
}

/** What one answer counts for in their mean, and in that of their squares. */
const [LATEST, LATEST_SQUARE] = [1 / 32, 1 / 256];

export class Admission {
  shedding: Shedding;
  limiter: Limiter;
  readonly room: Room;
  /** Requests that hold a slot. */
  inFlight = 0;
  /** Those that hold one of the slots for streams. */
  streams = 0;
  /** The mean time of an answer of late, in milliseconds; 0 before there were any. */
  meanMs = 0;
  /** The mean square of such times in parts of that; at first as if they were exponential. */
  #relative = 2;
  #settings: AdmissionSettings;
  readonly #world: AdmissionWorld;
  readonly #routes = new RouteLoads();
  #chosenAt: number | undefined;
  /** In report mode those that hold a slot, in the order in which they got it. */
  readonly #reported = new Set<Ticket>();

  constructor(settings: AdmissionSettings, limiter: Limiter, world: AdmissionWorld) {
    this.#settings = settings;
    this.limiter = limiter;
    this.#world = world;
    this.shedding = new Shedding(settings.fair);
    this.room = new Room(settings.queue, this, (...gone) => this.#refused(...gone));
  }

  /** The square of the coefficient of variation of such times; 1 at first. */
  get variation(): number {
    return Math.max(0, this.#relative - 1);
  }

  /** Goes on with new settings; what is in flight and what waits stays. */
  update(settings: AdmissionSettings, limiter: Limiter): void {
    if (settings.fair !== this.#settings.fair) this.shedding = new Shedding(settings.fair);
    this.#settings = settings;
    this.limiter = limiter;
    this.room.settings = settings.queue;
  }

  /**
   * A request has come, with a ticket that is new. Whoever is told that it is queued sets its waiter at
   * once, and is told the rest by it. What is granted is to be settled; what is refused is not.
   */
  enter(ticket: Ticket, now: number): "granted" | "queued" | Reason {
    if (this.#settings.mode === "report") this.#watch(ticket, now);
    const decided = ticket.stream ? this.#enterStream(ticket) : this.#enter(ticket, now);
    if (ticket.ghost) {
      if (decided !== "granted" && decided !== "queued") this.#spare(ticket, decided);
      return "granted";
    }
    if (decided !== "granted" && decided !== "queued") ticket.state = "over";
    return decided;
  }

  /** The request of a ticket that was granted is over. Throws when it was settled before, or not granted. */
  settle(ticket: Ticket, sample: Sample | undefined, now: number): void {
    const { state, stream, ghost } = ticket;
    if (state !== "held" && state !== "free" && !(state === "waiting" && ghost))
      throw new Error(`a ticket is ${state}: not to settle`);
    if (state === "waiting") this.room.remove(ticket, now);
    ticket.state = "over";
    this.#learns(ticket, sample, now);
    if (state === "held" && stream) this.streams--;
    else if (state === "held") this.#release(ticket, sample, now);
    else if (ghost && !stream && sample?.ok === true) this.#relieve(now);
  }

  /** Nobody waits for this ticket any more. Does nothing when it does not wait. */
  leave(ticket: Ticket, now: number): void {
    if (ticket.state !== "waiting") return;
    this.room.remove(ticket, now);
    ticket.state = "over";
  }

  /** What has a slot turns out to be a stream: it gives it to others and holds one for streams. */
  becomesStream(ticket: Ticket, now: number): void {
    if (ticket.stream) return;
    ticket.stream = true;
    this.#learns(ticket, undefined, now);
    if (ticket.state !== "held") return;
    this.streams++;
    this.#release(ticket, undefined, now);
  }

  /** Time has passed: to be called every 10 ms or so. `hour` counts whole hours since 1970. */
  tick(now: number, hour: number): void {
    this.shedding.hour = hour;
    this.limiter.tick(now);
    this.#fill(now);
    this.room.tick(now);
    const pressed = this.limiter.settled && !this.room.emptied;
    if (this.shedding.tick(now, this.meanMs, pressed)) this.#chosen(pressed, now);
  }

  /** Nobody is to wait any more: whoever does is granted a slot, beyond the limit where need be. */
  release(now: number): void {
    this.#fill(now, Number.POSITIVE_INFINITY);
  }

  #enterStream(ticket: Ticket): "granted" | Reason {
    if (this.streams >= this.#settings.streams) return "queue_full";
    this.streams++;
    ticket.state = "held";
    return "granted";
  }

  #enter(ticket: Ticket, now: number): "granted" | "queued" | Reason {
    const { route, deadline } = ticket;
    this.#routes.add(route);
    const verdict = this.shedding.judge(ticket);
    const usual = route.usual(now);
    if (usual !== undefined && deadline - now < usual) return "deadline_expired";
    if (route.held >= route.cap) return "queue_full";
    if (this.room.length === 0 && this.inFlight < this.limiter.limit) {
      this.#take(ticket, now);
      return "granted";
    }
    if (verdict === "shed_priority" || verdict === "shed_fairness") return verdict;
    return this.room.enter(ticket, verdict === "marginal", now) ?? "queued";
  }

  #take(ticket: Ticket, now: number): void {
    this.inFlight++;
    ticket.state = "held";
    ticket.since = now;
    ticket.route.begins(now);
    if (ticket.ghost) this.#reported.add(ticket);
    else this.#teach(ticket, now);
  }

  #teach(ticket: Ticket, now: number): void {
    ticket.teaches = this.limiter;
    ticket.stamp = this.limiter.started(now, this.inFlight);
  }

  /** Whoever was to learn from it does so, once. */
  #learns(ticket: Ticket, sample: Sample | undefined, now: number): void {
    const { teaches, stamp } = ticket;
    if (teaches === undefined) return;
    ticket.teaches = undefined;
    teaches.ended(now, stamp, sample);
  }

  // In report mode.

  /** It goes to the service, whatever becomes of its ticket. */
  #watch(ticket: Ticket, now: number): void {
    ticket.ghost = true;
    if (!ticket.stream) this.#teach(ticket, now);
  }

  /**
   * The service has answered one that it would not have got: so soon it would have been done with the
   * first of those that it would have had instead.
   */
  #relieve(now: number): void {
    const [oldest] = this.#reported;
    if (oldest === undefined) return;
    oldest.state = "free";
    this.#release(oldest, { sentAt: oldest.since, latencyMs: now - oldest.since, ok: true }, now);
  }

  #release(ticket: Ticket, sample: Sample | undefined, now: number): void {
    this.inFlight--;
    this.#reported.delete(ticket);
    const latencyMs = sample?.ok === true ? sample.latencyMs : undefined;
    if (latencyMs !== undefined) {
      const share = this.meanMs === 0 ? 1 : LATEST;
      this.meanMs += (latencyMs - this.meanMs) * share;
      this.#relative += ((latencyMs / this.meanMs) ** 2 - this.#relative) * LATEST_SQUARE;
    }
    ticket.route.ends(now, latencyMs);
    this.shedding.completed();
    if (this.room.length > 0) this.#fill(now);
  }

  /** Gives the free slots to those whose turn it is. */
  #fill(now: number, limit = this.limiter.limit): void {
    while (this.inFlight < limit) {
      const next = this.room.next(now);
      if (next === undefined) return;
      this.#world.waited(now - next.since);
      this.#take(next, now);
      if (!next.ghost) next.waiter?.granted(now);
    }
  }

  #refused(ticket: Ticket, reason: Reason, now: number): void {
    ticket.state = "over";
    if (ticket.ghost) this.#spare(ticket, reason);
    else ticket.waiter?.refused(reason, now);
  }

  /** It would have been refused. */
  #spare(ticket: Ticket, reason: Reason): void {
    ticket.state = "free";
    this.#world.wouldRefuse(reason, ticket);
  }

  /** The threshold was chosen anew: that is when routes are looked at, too. */
  #chosen(pressed: boolean, now: number): void {
    const sinceMs = now - (this.#chosenAt ?? now);
    this.#chosenAt = now;
    this.room.emptied = this.room.length === 0;
    const { inFlight, limiter } = this;
    this.#routes.judge(now, { sinceMs, pressed, inFlight, limit: limiter.limit });
  }
}
