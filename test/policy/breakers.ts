// A breaker at the defaults of the config, whose time, chance and leave to trip are the test's.
import type { BreakerChange, Verdict } from "../../src/core/breaker.ts";
import { Breaker, NO_GRANT } from "../../src/policy/breaker.ts";
import type { BreakerSettings } from "../../src/policy/breakersettings.ts";

export const SETTINGS: BreakerSettings = {
  consecutiveFailures: 5,
  failureRate: { threshold: 0.5, window: 10_000, minimumRequests: 20 },
  slowCalls: { threshold: 0.8, slowerThan: 5000 },
  open: { base: 1000, max: 60_000, jitter: 0.5 },
  trials: 5,
  trialTimeout: 15_000,
  ramp: 10_000,
};

/** An answer that comes. */
interface Answer {
  ends(verdict: Verdict): void;
}

/** One breaker, and everything that it was told and has told. */
export class Scene {
  /** Milliseconds; not from 0, so that nothing relies on it. */
  now = 1_000_000;
  /** With 0 an opening takes its whole time. */
  chance = 0;
  mayTrip = true;
  /** How long the process has stood still in all. */
  stood = 0;
  /** How often it has asked for leave to trip. */
  asked = 0;
  readonly changes: BreakerChange[] = [];
  /** Its state as seen from within each change. */
  readonly seen: string[] = [];
  readonly breaker: Breaker;

  constructor(settings: Partial<BreakerSettings> = {}) {
    this.breaker = new Breaker(
      { ...SETTINGS, ...settings },
      {
        random: () => this.chance,
        stood: () => this.stood,
        mayTrip: () => {
          this.asked++;
          return this.mayTrip;
        },
        changed: (change) => {
          this.changes.push(change);
          this.seen.push(this.breaker.state);
        },
      },
    );
  }

  /** The changes as words: `to reason`. */
  get told(): string[] {
    return this.changes.map(({ to, reason }) => `${to} ${reason}`);
  }

  get state(): string {
    this.breaker.ask(this.now);
    return this.breaker.state;
  }

  /** How long the last opening takes, from when it was opened or what went ahead of its trials failed. */
  get openFor(): number {
    const { last } = this.breaker;
    return last?.to === "open" ? (last.until ?? 0) - last.at : 0;
  }

  enter(): number {
    return this.breaker.enter(this.now);
  }

  settle(grant: number, verdict: Verdict, tookMs = 1): void {
    this.breaker.settle(grant, verdict, this.now, tookMs);
  }

  /** A call that is answered well at once; its answer is not whole yet. */
  answer(): Answer {
    const grant = this.enter();
    const coming = { since: this.now, tookMs: 1 };
    this.breaker.answers(grant, coming);
    return { ends: (verdict) => this.breaker.ends(grant, verdict, this.now, coming) };
  }

  /** `count` calls, one after the other, a millisecond each; how many were granted. */
  calls(count: number, verdict: Verdict, tookMs = 1): number {
    let granted = 0;
    for (let n = 0; n < count; n++) {
      const grant = this.enter();
      this.now++;
      if (grant === NO_GRANT) continue;
      granted++;
      this.settle(grant, verdict, tookMs);
    }
    return granted;
  }

  /** Five failures, which open it. */
  trip(): void {
    this.calls(5, "failure");
  }

  /** Waits until the open time is over. */
  wait(): void {
    this.now = Math.max(this.now, this.breaker.last?.until ?? 0);
  }

  /** Trials fail: five of them or, where they have failed before, the one that goes ahead. */
  fail(): void {
    this.wait();
    this.calls(5, "failure");
  }

  /** They pass, together with what goes ahead of them. */
  pass(): void {
    this.wait();
    this.calls(1 + 5, "success");
  }

  /** Trips it, waits, and lets the trials pass. */
  recover(): void {
    this.trip();
    this.pass();
  }
}
