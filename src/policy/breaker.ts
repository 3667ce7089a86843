// Whether one endpoint is worth calling, from how its calls end.
//
//               failures in a row, failure rate, slow calls
//      closed ----------------------------------------------> open <----------+
//        ^                                                     | its time     | trials failed
//        |  trials passed                       is over, or it v is needed    |
//        +------------------------------------------------ half_open ---------+
//
// When trials have failed it lasts: from then on one call goes ahead each time, and only when that succeeds
// are there trials again. Otherwise it just stays open: an outage is few changes, however long it is.
// Time moves the state only when it is asked. An outcome counts only in the generation that granted
// it (both as in gobreaker): what began before a trip cannot close it, nor open it after recovery.
import type {
  BreakerChange,
  BreakerReason,
  BreakerState,
  Coming,
  Verdict,
} from "../core/breaker.ts";
import { type BreakerSettings, rulesOf } from "./breakersettings.ts";
import { type Open, opened, openFor, type State, trialsOf } from "./breakerstate.ts";
import { Calls } from "./calls.ts";
import { Openings } from "./opening.ts";
import { rampShare } from "./ramp.ts";
import { type TrialRules, Trials } from "./trials.ts";

/** What a breaker asks and tells. It does so in the middle of a call: ask it nothing but `state`. */
export interface BreakerWorld {
  /** Chance: a number in [0, 1). */
  readonly random: () => number;
  /** May it trip now? Where not, it stays closed, and trips when it may if the cause still holds. */
  readonly mayTrip: (now: number) => boolean;
  /** How long this process has stood still in all: trials could not be answered then. */
  readonly stood: (now: number) => number;
  readonly changed: (change: BreakerChange) => void;
}

interface Override {
  readonly to: "open" | "closed";
  readonly until: number;
}

/** What `enter` answers when the call must not be made. */
export const NO_GRANT = 0;

const NEVER = Number.POSITIVE_INFINITY;
const ALWAYS = Number.NEGATIVE_INFINITY;
const CLOSED: State = { kind: "closed", since: ALWAYS };

/** The breaker of one endpoint. */
export class Breaker {
  readonly #world: BreakerWorld;
  #settings: BreakerSettings;
  #rules: TrialRules;
  readonly #calls: Calls;
  #state: State = CLOSED;
  /** The number of the last grant; while closed it is that of all. Never NO_GRANT. */
  #generation = 1;
  /** From when on a look at the time can change the state. */
  #due = NEVER;
  readonly #openings = new Openings();
  #openMs = 0;
  #override: Override | undefined;
  #last: BreakerChange | undefined;

  constructor(settings: BreakerSettings, world: BreakerWorld) {
    this.#settings = settings;
    this.#world = world;
    this.#calls = new Calls(settings);
    this.#rules = rulesOf(settings);
  }

  /**
   * Goes on with new settings: its state, and what it has counted, stay. A round of trials ends by the
   * rules with which it began, and an opening when it was to end. Another window begins empty.
   */
  configure(settings: BreakerSettings): void {
    this.#settings = settings;
    this.#rules = rulesOf(settings);
    this.#calls.configure(settings);
  }

  /** The state as it was when time was last asked; for callbacks, which must not move it. */
  get state(): BreakerState {
    return this.#state.kind;
  }

  /** What brought the state about; undefined while it has never changed. */
  get last(): BreakerChange | undefined {
    return this.#last;
  }

  /** What an operator has forced, and until when. */
  get override(): Override | undefined {
    return this.#override;
  }

  /** Is there cause to trip, and no leave? As it was when time was last asked. */
  get mustStay(): boolean {
    return this.#state.kind === "closed" && this.#due === ALWAYS;
  }

  /** Is it open for some time yet? As it was when time was last asked. */
  get waits(): boolean {
    return this.#state.kind === "open" && this.#state.trials === undefined;
  }

  /** Would `enter` grant a call? */
  allows(now: number): boolean {
    this.ask(now);
    return this.#state.kind === "closed" || trialsOf(this.#state)?.hasPlace === true;
  }

  /** Asks for one call: a grant, to be settled once, or NO_GRANT. */
  enter(now: number): number {
    this.ask(now);
    if (this.#state.kind === "closed") return this.#generation;
    const trials = trialsOf(this.#state);
    if (trials?.hasPlace !== true) return NO_GRANT;
    // Trials have a time of their own, in which we never stand still.
    const stood = this.#world.stood(now);
    trials.begin(++this.#generation, now - stood + this.#settings.trialTimeout);
    this.#due = trials.due + stood;
    return this.#generation;
  }

  /** Tells how a granted call went, and how long its answer took, less our own delays. */
  settle(grant: number, verdict: Verdict, now: number, tookMs: number): void {
    this.ask(now);
    const state = this.#state;
    if (state.kind === "closed") {
      if (grant !== this.#generation || verdict === "ignore") return;
      if (this.#override !== undefined) return;
      this.#calls.count(verdict, tookMs, now);
      this.#review(now);
    } else {
      trialsOf(this.#state)?.settle(grant, verdict, this.#calls.isSlow(verdict, tookMs));
      this.#judge(now);
    }
  }

  /** A granted call is answered well so far; `ends` tells how it went in the end. */
  answers(grant: number, { since, tookMs }: Coming): void {
    this.ask(since);
    this.#calls.answers();
    trialsOf(this.#state)?.answers(grant, this.#calls.isSlow("success", tookMs));
  }

  /**
   * Tells how a call went that was answered well so far. When the client of an answer that has come for
   * longer than a trial may take goes, it is the success that it looked like: some never end otherwise.
   */
  ends(grant: number, verdict: Verdict, now: number, coming: Coming | undefined): void {
    const came = coming === undefined ? 0 : now - coming.since;
    const shown = verdict === "ignore" && came >= this.#settings.trialTimeout;
    this.settle(grant, shown ? "success" : verdict, now, coming?.tookMs ?? 0);
  }

  /** Lets time move the state. What reads `state` or `last` from outside asks first. */
  ask(now: number): void {
    if (now >= this.#due) this.#move(now);
  }

  /**
   * Too few others are in use, or (`failing`) they are and fail: it is tried now rather than when its time
   * is over, unless it has just opened. So a service that is sick as a whole is tried once in `open.base`.
   */
  hasten(now: number, failing: boolean): void {
    this.ask(now);
    const state = this.#state;
    if (state.kind !== "open") return;
    if (now >= (failing ? state.early : state.soonest)) this.#tryAgain(state, "needed", now);
  }

  /** The share of its usual traffic that it should get, in (0, 1]: below 1 only after recovery. */
  share(now: number): number {
    const state = this.#state;
    return state.kind === "closed" ? rampShare(state.since, now, this.#settings.ramp) : 1;
  }

  /** How long it has been open in all, so that an opening between two looks is seen. */
  openMs(now: number): number {
    this.ask(now);
    return this.#openMs + openFor(this.#state, now);
  }

  /** Refuses everything until `until`, or `auto`. `mayTrip` is not asked: the operator knows. */
  forceOpen(now: number, until: number): void {
    this.ask(now);
    this.#override = { to: "open", until };
    const state = { kind: "open", since: now, soonest: until, early: until, until } as const;
    this.#change(state, "forced", now);
  }

  /** Allows everything until `until`, or `auto`, at once and in full. No outcome counts. */
  forceClosed(now: number, until: number): void {
    this.ask(now);
    this.#override = { to: "closed", until };
    this.#change(CLOSED, "forced", now);
  }

  /**
   * Ends what was forced, if anything was. From open it goes on with trials, as after any other
   * opening; closed it stays, with nothing counted yet.
   */
  auto(now: number): void {
    this.ask(now);
    if (this.#override === undefined) return;
    const { to } = this.#override;
    this.#override = undefined;
    this.#change(to === "open" ? this.#halfOpen() : CLOSED, "override_ended", now);
  }

  #move(now: number): void {
    const state = this.#state;
    if (this.#override !== undefined) {
      // So that `auto` does not ask again.
      this.#due = NEVER;
      this.auto(now);
    } else if (state.kind === "closed") {
      this.#review(now);
    } else if (state.kind === "open" && state.trials === undefined) {
      this.#tryAgain(state, "open_time_over", now);
    } else {
      trialsOf(this.#state)?.expire(now - this.#world.stood(now));
      this.#judge(now);
    }
  }

  /** Its time is over: it makes its trials or, where they have failed before, sends one call ahead. */
  #tryAgain(state: Open, ended: BreakerReason, now: number): void {
    if (state.trials !== undefined) return;
    if (!this.#openings.lasts) return this.#change(this.#halfOpen(), ended, now);
    const trials = new Trials({ ...this.#rules, places: 1 });
    this.#state = { ...state, until: Math.min(now, state.until), trials, ended };
    this.#due = NEVER;
  }

  /** Trips if there is cause. Cause without leave is looked at again whenever time is asked. */
  #review(now: number): void {
    this.#due = NEVER;
    const cause = this.#calls.cause(now);
    if (cause === undefined) return;
    if (this.#world.mayTrip(now)) this.#trip(cause, now);
    else this.#due = ALWAYS;
  }

  #judge(now: number): void {
    const state = this.#state;
    const trials = trialsOf(state);
    if (trials === undefined) return;
    this.#due = trials.due + this.#world.stood(now);
    const { verdict } = trials;
    if (verdict === undefined) return;
    if (state.kind === "open") {
      if (verdict === "failed") this.#stayOpen(state, now);
      else this.#change(this.#halfOpen(), state.ended ?? "open_time_over", now);
    } else if (verdict === "failed") {
      const opening = this.#openings.failed(this.#settings, now, this.#world.random());
      this.#change(opened(opening, now), "trials_failed", now);
    } else this.#change({ kind: "closed", since: now }, "trials_passed", now);
  }

  #trip(cause: BreakerReason, now: number): void {
    const closedMs = this.#state.kind === "closed" ? now - this.#state.since : 0;
    const chance = this.#world.random();
    const opening = this.#openings.tripped(closedMs, this.#settings, now, chance);
    this.#change(opened(opening, now), cause, now);
  }

  /** What was sent ahead has failed: that is another time, and no other state. */
  #stayOpen(before: Open, now: number): void {
    this.#openMs += openFor(before, now);
    const opening = this.#openings.stays(this.#settings, now, this.#world.random());
    const state = opened(opening, now);
    const { until } = state;
    this.#state = state;
    this.#due = until;
    this.#last = { from: "open", to: "open", reason: "trials_failed", at: now, until };
  }

  #halfOpen(): State {
    return { kind: "half_open", trials: new Trials(this.#rules) };
  }

  #change(state: State, reason: BreakerReason, now: number): void {
    const before = this.#state;
    this.#openMs += openFor(before, now);
    this.#openings.changed(now);
    const until = state.kind === "open" ? state.until : this.#override?.until;
    this.#state = state;
    this.#generation++;
    this.#due = until ?? NEVER;
    this.#calls.clear();
    this.#last = { from: before.kind, to: state.kind, reason, at: now, until };
    this.#world.changed(this.#last);
  }
}
