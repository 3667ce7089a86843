// One endpoint under check: asks, passes judgement, waits, and asks again.
import type { LimitFunction } from "p-limit";
import type { Address } from "../core/address.ts";
import type { Clock, Random } from "../core/clock.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import { wordsOf } from "../core/words.ts";
import { Health, type HealthChange, type HealthSettings } from "../policy/health.ts";
import type { Answer, Check, Secured } from "./probe.ts";
import { probeFor } from "./probekinds.ts";

/** An endpoint, and how it is to be asked. */
export interface CheckTarget {
  readonly cluster: string;
  readonly address: Address;
  readonly healthCheck: HealthSettings & { readonly check: Check };
  /** Undefined for plaintext. */
  readonly secured?: Secured | undefined;
}

/** How one probe ended. */
export interface ProbeResult {
  /** `late`: it failed because we stood still ourselves, and is not counted. */
  readonly result: "ok" | "failed" | "late";
  /** Why, in words: `status 503`, `timeout`, `connect ECONNREFUSED 127.0.0.1:3000`. */
  readonly reason: string;
  readonly durationMs: number;
  /** When it ended, in milliseconds since 1970. */
  readonly at: number;
  /** What the endpoint says of itself; undefined when there was no answer. */
  readonly advice: Answer["advice"];
}

/** Whoever wants to know. Called synchronously; must not throw. */
export interface CheckObserver {
  /** A probe has ended. */
  probed(target: CheckTarget, result: ProbeResult): void;
  /** The verdict has changed with the probe that was just told of. */
  changed(target: CheckTarget, change: HealthChange, result: ProbeResult): void;
  /** It is not asked any more; what was found is of the past. */
  dropped(target: CheckTarget): void;
}

/** What checks take from the outside. */
export interface CheckWorld {
  readonly wheel: Wheel;
  readonly clock: Clock;
  readonly random: Random;
  readonly observer: CheckObserver;
  /** How an endpoint is asked; undefined for by the network. */
  readonly probeFor?: typeof probeFor | undefined;
  /** Told of an exception that is no answer of an endpoint. */
  readonly bug: (error: unknown) => void;
}

/** What all endpoints share. */
export interface Shared extends CheckWorld {
  readonly limit: LimitFunction;
}

interface Asked {
  readonly answer: Answer;
  /** How long we stood still, where time decided; otherwise 0. */
  readonly lagMs: number;
}

export class Checked {
  readonly health: Health;
  last: ProbeResult | undefined;
  #target: CheckTarget;
  readonly #shared: Shared;
  readonly #settled: () => void;
  readonly #next = new Timer(() => this.#begin());
  /** Ends the connection of the probe under way. */
  #abort = new AbortController();
  #running: Promise<void> = Promise.resolve();
  #closed = false;

  /** `settled` is called after each probe. */
  constructor(target: CheckTarget, shared: Shared, settled: () => void) {
    this.#target = target;
    this.#shared = shared;
    this.#settled = settled;
    this.health = new Health(target.healthCheck);
  }

  get target(): CheckTarget {
    return this.#target;
  }

  /** Asks for the first time with the next tick. */
  start(): void {
    this.#shared.wheel.arm(this.#next, 0);
  }

  /** Goes on with new settings. A probe under way ends as it began. */
  configure(target: CheckTarget): void {
    this.#target = target;
    this.health.configure(target.healthCheck);
    const { deadline } = this.#next;
    if (deadline === Number.POSITIVE_INFINITY) return;
    const { wheel, clock } = this.#shared;
    wheel.armAt(this.#next, Math.min(deadline, clock.now() + this.#delay()));
  }

  /** Cuts what is under way, and says nothing more. Resolves when nothing of it is left. */
  close(): Promise<void> {
    this.#closed = true;
    this.#shared.wheel.disarm(this.#next);
    this.#abort.abort();
    return this.#running;
  }

  #begin(): void {
    this.#running = this.#shared.limit(() => this.#probe()).catch(this.#shared.bug);
  }

  async #probe(): Promise<void> {
    const { wheel, clock } = this.#shared;
    if (this.#closed) return;
    let start = clock.now();
    try {
      const find = this.#shared.probeFor ?? probeFor;
      const { healthCheck, secured } = this.#target;
      const probe = await find(healthCheck.check, secured);
      // To load what a kind of probe needs takes time, which is not the endpoint's.
      start = clock.now();
      if (this.#closed) return;
      const asked = await this.#ask((signal) => probe(this.#target.address, signal));
      if (!this.#closed) this.#settle(asked, start);
    } finally {
      if (!this.#closed) wheel.armAt(this.#next, start + this.#delay());
    }
  }

  async #ask(probe: (signal: AbortSignal) => Promise<Answer>): Promise<Asked> {
    const { wheel, clock } = this.#shared;
    const before = wheel.lag.stood(clock.now());
    const abort = new AbortController();
    this.#abort = abort;
    let timedOut = false;
    const timeout = new Timer(() => {
      timedOut = true;
      abort.abort();
    });
    wheel.arm(timeout, this.#target.healthCheck.timeout);
    try {
      // The verdict does not wait for the connection to be taken down.
      const answer = await Promise.race([probe(abort.signal), aborted(abort.signal)]);
      return { answer, lagMs: 0 };
    } catch (error) {
      const reason = timedOut ? "timeout" : wordsOf(error);
      const answer = { passed: false, reason, advice: undefined };
      return { answer, lagMs: timedOut ? wheel.lag.stood(clock.now()) - before : 0 };
    } finally {
      wheel.disarm(timeout);
    }
  }

  #settle({ answer, lagMs }: Asked, start: number): void {
    const { clock, observer } = this.#shared;
    const now = clock.now();
    const { passed, reason, advice } = answer;
    const failure = this.health.lateBy(lagMs) ? "late" : "failed";
    const change = passed ? this.health.passed(now) : this.health.failed(now, lagMs);
    const result = passed ? "ok" : failure;
    this.last = { result, reason, advice, durationMs: now - start, at: clock.wall() };
    observer.probed(this.#target, this.last);
    if (change !== undefined) observer.changed(this.#target, change, this.last);
    this.#settled();
  }

  #delay(): number {
    const { clock, random } = this.#shared;
    return this.health.nextDelay(clock.now(), random.next());
  }
}

/** Rejects when `signal` is aborted. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  });
}
