// One endpoint at work: its connections, its counters, and whether it is to be asked.
import { type Address, type Place, USUAL_WEIGHT } from "../core/address.ts";
import type { BreakerChange, Coming, Verdict } from "../core/breaker.ts";
import type { Meter } from "../core/meter.ts";
import type { PoolSettings } from "../http1/pool.ts";
import { NO_ADVICE } from "../policy/advice.ts";
import type { Loaded } from "../policy/balance.ts";
import { Breaker } from "../policy/breaker.ts";
import type { BreakerSettings } from "../policy/breakersettings.ts";
import type { Finding, HealthState } from "../policy/health.ts";
import { PeakLatency } from "../policy/latency.ts";
import { RAMP_MS, rampShare } from "../policy/ramp.ts";
import type { Tier } from "../policy/tier.ts";
import { type ConnectionOptions, Connections } from "./connections.ts";
import { EndpointMeter } from "./endpointmeter.ts";
import type { Heed } from "./heed.ts";

/** Why an endpoint does not get a request. */
export type Unusable = "down" | "open" | "draining" | "full";

/** What the config says of the endpoints of a cluster; times in milliseconds. */
export interface EndpointSettings extends ConnectionOptions {
  readonly name: string;
  readonly breaker: BreakerSettings | undefined;
}

/** What endpoints share with the rest of the sidecar. */
export interface EndpointWorld extends Pick<PoolSettings, "wheel" | "now" | "dial"> {
  readonly meter: Meter;
  /** A number in [0, 1). */
  readonly chance: () => number;
  /** May the breaker of this endpoint trip? */
  readonly mayTrip: (endpoint: Endpoint, now: number) => boolean;
  readonly changed: (endpoint: Endpoint, change: BreakerChange) => void;
}
/**
 * So many connections wait at each backup, so that the first requests of a failover need not connect; with
 * each probe those that have expired are replaced. Once there is traffic it brings its own.
 */
const WARM_CONNECTIONS = 2;

export class Endpoint implements Loaded {
  readonly address: Address;
  readonly connections: Connections;
  readonly meter: EndpointMeter;
  tier: Tier;
  breaker: Breaker | undefined;
  /** Hears what it answers; undefined where nobody wants to. */
  heed: Heed | undefined;
  /** Requests that it is working on. */
  load = 0;
  #health: HealthState = "unknown";
  /** When it became healthy again; always, unless it was unhealthy. */
  #healthySince = Number.NEGATIVE_INFINITY;
  #held = false;
  /** An operator wants no new requests to go there until then. */
  #drainedUntil = Number.NEGATIVE_INFINITY;
  #advice = NO_ADVICE;
  #place: Place;
  readonly #latency = new PeakLatency();
  readonly #world: EndpointWorld;
  /** Called when its last request has ended; while it is in use, nobody waits for that. */
  #whenIdle: (() => void) | undefined;

  constructor(place: Place, tier: Tier, settings: EndpointSettings, world: EndpointWorld) {
    const { address } = place;
    this.address = address;
    this.tier = tier;
    this.#place = place;
    this.#world = world;
    this.connections = new Connections({ ...world, address }, settings, hostOf(place));
    this.meter = new EndpointMeter(world.meter, settings.name, address.text, tier, {
      connections: () => this.connections.size,
      healthy: () => this.#health !== "unhealthy",
    });
    if (settings.breaker !== undefined) this.#addBreaker(settings.breaker);
  }

  /** Goes on in `tier` with new settings; whatever is known of it stays. It is in use again, if it was leaving. */
  configure(place: Place, tier: Tier, settings: EndpointSettings): void {
    this.#place = place;
    this.#whenIdle = undefined;
    this.connections.configure(settings, hostOf(place));
    if (tier !== this.tier) this.meter.move(tier);
    this.tier = tier;
    if (settings.breaker === undefined) this.#dropBreaker();
    else if (this.breaker === undefined) this.#addBreaker(settings.breaker);
    else this.breaker.configure(settings.breaker);
  }

  /** It gets no more requests. When the last one has ended, its connections and its series go; then `gone` is called. */
  retire(gone: () => void): void {
    this.#whenIdle = () => {
      this.connections.close();
      this.meter.drop();
      gone();
    };
    if (this.load === 0) this.#whenIdle();
  }

  /** It is not probed any more: it is as good as one that was never probed. */
  unchecked(): void {
    this.#health = "unknown";
    this.#held = false;
    this.#advice = NO_ADVICE;
  }

  /** What a probe has found; `now` in `Clock.now()` milliseconds. */
  probed({ state, held, advice }: Finding, now: number): void {
    if (this.#health === "unhealthy" && state === "healthy") this.#healthySince = now;
    this.#health = state;
    this.#held = held;
    this.#advice = advice ?? this.#advice;
    const ready = this.tier === "backup" && state === "healthy";
    if (ready && this.unusable(now) === undefined) this.connections.warm(WARM_CONNECTIONS);
  }

  /**
   * An operator's word, until `until`: closed, it is asked whatever its breaker would say; drained, it
   * gets no new request; auto ends both. False when there is no breaker to open or to close.
   */
  override(verb: "open" | "close" | "drain" | "auto", now: number, until: number): boolean {
    const { breaker } = this;
    if (verb === "drain") this.#drainedUntil = until;
    else if (verb === "auto") this.#drainedUntil = Number.NEGATIVE_INFINITY;
    if (verb === "open") breaker?.forceOpen(now, until);
    else if (verb === "close") breaker?.forceClosed(now, until);
    else if (verb === "auto") breaker?.auto(now);
    return breaker !== undefined || verb === "drain" || verb === "auto";
  }

  /** What an operator has ordered of it; undefined when that is nothing, or over. */
  overridden(now: number): "open" | "close" | "drain" | undefined {
    if (now < this.#drainedUntil) return "drain";
    this.breaker?.ask(now);
    const forced = this.breaker?.override;
    return forced === undefined ? undefined : forced.to === "open" ? "open" : "close";
  }

  /** Why it gets no request now; undefined when it may have one. */
  unusable(now: number): Unusable | undefined {
    return this.#health === "unhealthy" ? "down" : this.#unusableIfUp(now);
  }

  /**
   * The same where there is nobody else: one that is down only because it has come and gone too often is
   * better than nobody. What its operator, the service itself and its breaker say holds all the same.
   */
  unusableAtLast(now: number): Unusable | undefined {
    return this.#health === "unhealthy" && !this.#held ? "down" : this.#unusableIfUp(now);
  }

  /** Would it have a request if its breaker had not opened? What an operator has opened does not wait. */
  waits(now: number): boolean {
    const { breaker } = this;
    if (this.unusableAtLast(now) !== "open" || breaker === undefined) return false;
    return breaker.waits && breaker.override === undefined;
  }

  #unusableIfUp(now: number): Unusable | undefined {
    if (this.#closedToNew(now)) return "draining";
    if (this.breaker?.allows(now) === false) return "open";
    const most = this.#advice.maxConcurrency ?? Number.POSITIVE_INFINITY;
    return this.load >= most || this.connections.full ? "full" : undefined;
  }

  /** Is it to get no new requests, well as it may be? The operator, the config or the service says so. */
  #closedToNew(now: number): boolean {
    return now < this.#drainedUntil || this.#advice.drain || this.weight === 0;
  }

  /**
   * Can others rely on it to take the traffic? A half-open breaker is no more than a trial: if it counted,
   * endpoints that are all sick would trip in turns until none is left.
   */
  carries(now: number): boolean {
    if (this.#health === "unhealthy" || this.#closedToNew(now)) return false;
    return this.breaker === undefined || this.breaker.state === "closed";
  }

  /** Its part of the traffic in proportion to the others': the config's, times what it says itself. */
  get weight(): number {
    const { weight } = this.#place;
    const advised = this.#advice.weight;
    return advised === undefined ? weight : (weight * advised) / USUAL_WEIGHT;
  }

  /** How much a further request would weigh on it: only the order matters. */
  cost(now: number): number {
    // One more millisecond: among quick endpoints, and those not known yet, the load decides. It is
    // measured by the weight, and the new request is not: idle ones of any weight are alike.
    const load = this.load * (USUAL_WEIGHT / this.weight) + 1;
    return load * (this.#latency.value(now) + 1);
  }

  /**
   * The share of the requests for which it is drawn that it takes, in (0, 1]: below 1 while it comes back.
   * No part of `cost`: an endpoint that was away has no load and no latency, and would look light all the same.
   */
  share(now: number): number {
    const ramp = rampShare(this.#healthySince, now, RAMP_MS);
    return this.breaker === undefined ? ramp : Math.min(ramp, this.breaker.share(now));
  }

  // A call begins with `enter` and ends with `leave`, which is when the load falls. What it has shown is
  // told once in between: by `settle` where that is known with the head of the answer, as with any
  // failure; by `answers` and `ends` where the answer is good so far and may yet break off.

  /** A call begins: the grant that `settle` or `ends` takes; `unusable` was asked at the same time. */
  enter(now: number): number {
    this.load++;
    return this.breaker?.enter(now) ?? 0;
  }

  /** What the call has shown, as soon as it is known. */
  settle(grant: number, verdict: Verdict, now: number, tookMs: number): void {
    // Failures can be quick, and no reason to send more there.
    if (verdict === "success") this.#latency.observe(tookMs, now);
    else if (verdict === "beaten") this.#latency.beaten(tookMs, now);
    this.breaker?.settle(grant, verdict, now, tookMs);
  }

  /** The call is answered well so far, and the answer is not whole: `ends` takes the place of `settle`. */
  answers(grant: number, coming: Coming): void {
    this.#latency.observe(coming.tookMs, coming.since);
    this.breaker?.answers(grant, coming);
  }

  /** The answer has ended, after `answers`; or the call has, with nothing to learn from it. */
  ends(grant: number, verdict: Verdict, now: number, coming: Coming | undefined): void {
    this.breaker?.ends(grant, verdict, now, coming);
  }

  /** The call is over: its answer was carried to its end, or given up. */
  leave(): void {
    this.load--;
    if (this.#whenIdle !== undefined && this.load === 0) this.#whenIdle();
  }

  /** What there is to say of it, for people. */
  state(now: number) {
    const { address, tier, connections, load, breaker } = this;
    const change = breaker?.last;
    const override = this.overridden(now);
    const overrideEnd = override === "drain" ? this.#drainedUntil : breaker?.override?.until;
    return {
      address: address.text,
      name: this.#place.name?.text,
      tier,
      connections: connections.size,
      http2: connections.http2,
      load,
      weight: this.weight,
      usable: this.unusable(now) ?? "yes",
      health: this.#health,
      advice: this.#advice,
      override,
      overrideMs: leftUntil(overrideEnd, now),
      breaker: {
        state: breaker?.state ?? "off",
        reason: change?.reason,
        untilMs: leftUntil(change?.until, now),
      },
    };
  }

  #addBreaker(settings: BreakerSettings): void {
    const { chance, mayTrip, changed, now, wheel } = this.#world;
    const breaker = new Breaker(settings, {
      random: chance,
      mayTrip: (at) => mayTrip(this, at),
      stood: (at) => wheel.lag.stood(at),
      changed: (change) => {
        this.meter.changed(change);
        changed(this, change);
      },
    });
    this.breaker = breaker;
    this.meter.showBreaker(breaker, now);
  }

  #dropBreaker(): void {
    if (this.breaker === undefined) return;
    this.breaker = undefined;
    this.meter.dropBreaker();
  }
}

/** The host that it was found by; undefined where the config has its address. */
function hostOf({ name }: Place): string | undefined {
  return name?.authority.replace(/:[0-9]+$/, "");
}

/** How much of the time until `end` is left; undefined when it does not end by itself. */
function leftUntil(end: number | undefined, now: number): number | undefined {
  return end === undefined || end === Number.POSITIVE_INFINITY ? undefined : Math.max(0, end - now);
}
