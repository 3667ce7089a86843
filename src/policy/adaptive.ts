// Learns how many requests a service can work on at once, and lets that many through.
//
//                                                              R
//   below the knee workers are idle, above it requests wait    |        /
//   within the service: there is no more to be had             |       /
//                                                              |______/
//   hold = K * (1 + headroom)                                  +------K-----> in flight
//
// While more comes than is let through, what is in flight is pinned at the limit. Now and then another
// limit is tried, for a round or two (experiment.ts); the mean time of those requests over that of those
// before says where the knee may lie (knee.ts). Nothing is learnt from requests that began while less
// was in flight: a lull is not the knee. No time is good or bad in itself: when all takes four times as
// long, the knee is where it was.
//
// The requests of an experiment are those that began in it. It waits until they have ended, the usual limit
// being in force again for the last of them, so that slow ones are not left out. A climb that demand does not
// fill tells nothing, and stays on for as long as demand needs more than the usual limit. What comes before there
// is anything to learn from is coldstart.ts.
import { Cohort } from "./cohort.ts";
import { ColdStart } from "./coldstart.ts";
import { deviationOf, type Experiment, Planner, type Standing } from "./experiment.ts";
import { Headroom } from "./headroom.ts";
import { Knee } from "./knee.ts";
import { Noise, type Usual } from "./noise.ts";
import type { Limiter, Sample } from "./slots.ts";
import { Trial } from "./trial.ts";

/** What a limit may be: whole numbers, 1 <= min <= max <= 100000. */
export interface Bounds {
  readonly min: number;
  readonly max: number;
}

/** Before anything is known. */
const INITIAL = 8;
/** What is held is the median of the belief and up to so much more of it, where times vary. */
const SAFE = 0.19;
/** A block of requests in which a change may show: at least, and in rounds. */
const [BLOCK, ROUNDS] = [32, 2];
/** So many blocks are kept in mind. */
const REMEMBERED = 8;
/** Looks for something to try every so many requests. */
const EVERY = 8;
/** How the knee changes: walks by so much, jumps by so much (in ln), each with a probability per UNIT. */
const [WALK, WALK_CHANCE, JUMP, JUMP_CHANCE] = [0.05, 0.2, 0.7, 0.02];
/** Of that: time, or requests if that is sooner. */
const [UNIT_MS, UNIT_COUNT] = [2000, 500];
/** After a change: how likely the knee is to have jumped, and how far what it shows is to be doubted. */
const [CHANGED, DOUBT] = [0.5, 0.5];
/** What came before it was known has that long to be done; all of that takes so long at most. */
const [SETTLE_MS, MOST_SETTLE_MS] = [1000, 1500];
/** What the first requests are to be doubted by, beside chance: nobody held steady what was in flight. */
const UNSURE = 0.1;
/** Fewer do not tell anything. */
const ENOUGH = 8;
/** Moved the belief by so much of its deviation, or so much: a surprise. */
const [SURPRISE, SURPRISE_LEAST] = [0.5, 0.04];

export class AdaptiveLimiter implements Limiter {
  limit: number;
  hold: number;
  settled = false;
  #bounds: Bounds;
  readonly #knee = new Knee(INITIAL);
  readonly #noise = new Noise();
  readonly #planner = new Planner();
  readonly #headroom = new Headroom();
  /** Until there is something to learn from. */
  #cold: ColdStart | undefined = new ColdStart();
  #reference: Cohort;
  /** That of the limit before, until this one has been seen to fit: what changes during an experiment shows then. */
  #before: Cohort | undefined;
  #running: Trial | undefined;
  /** What the limit rises to, and by how much with each request that ends: not all are to come at once. */
  #goal: number;
  #step = 1;
  #stamps = 1;
  /** Requests with this stamp belong to the reference; with 0 or less to nobody here. */
  #stamp = 1;
  #fresh = 0;
  #since = 0;
  #surprised = false;
  #widenedAt = 0;
  #settlesAt: number | undefined;

  constructor(bounds: Bounds) {
    this.#bounds = bounds;
    this.hold = this.limit = this.#goal = clamp(INITIAL, bounds);
    this.#reference = new Cohort(this.hold);
  }

  /** What was learnt is kept. */
  set bounds(bounds: Bounds) {
    this.#bounds = bounds;
    const hold = clamp(this.hold, bounds);
    this.#running = undefined;
    if (hold === this.hold) this.#resume();
    else this.#settle(hold);
  }

  started(now: number, inFlight: number): number {
    this.#cold?.started(now, inFlight, this.limit);
    const running = this.#running;
    if (inFlight < this.#goal) {
      if (running !== undefined && inFlight > this.hold) running.used = true;
      return this.#cold?.first(now, inFlight) ?? 0;
    }
    if (running === undefined || running.resting) return this.#stamp;
    const { cohort, experiment, stamp } = running;
    if (cohort.began >= experiment.size) return 0;
    cohort.begin(now);
    return stamp;
  }

  ended(now: number, stamp: number, sample: Sample | undefined): void {
    const tookMs = sample?.ok ? now - sample.sentAt : undefined;
    this.#cold?.ended(now, stamp, sample?.sentAt, tookMs !== undefined);
    if (this.limit < this.#goal) this.limit = Math.min(this.#goal, this.limit + this.#step);
    const running = this.#running;
    if (running?.resting === false) running.ends++;
    if (stamp <= 0) return;
    if (stamp === running?.stamp) this.#endedIn(running, sample, now);
    else if (stamp === this.#stamp && tookMs !== undefined) this.#endedAsUsual(tookMs);
  }

  tick(now: number): void {
    this.#settlesAt ??= now + MOST_SETTLE_MS;
    if (!this.settled) this.settled = now > this.#settlesAt;
    const running = this.#running;
    if (this.#cold !== undefined) this.#begins(this.#cold, now);
    else if (running === undefined) {
      if (this.#fresh >= EVERY) this.#look(now);
    } else if (now >= running.due(this.#reference.mean, this.hold)) {
      const { began, count } = running.cohort;
      if (began >= ENOUGH && count > 0) this.#judge(running, now);
      else if (running.used && running.experiment.climb) this.#begin(running.experiment, now);
      else {
        this.#running = undefined;
        this.#resume();
      }
    }
  }

  #endedIn(running: Trial, sample: Sample | undefined, now: number): void {
    const { cohort, experiment } = running;
    cohort.end(sample?.sentAt);
    if (sample?.ok === true) cohort.add(now - sample.sentAt);
    if (cohort.began < experiment.size) return;
    const most = running.mostlyEnded;
    if (cohort.ended >= cohort.began || (most && experiment.climb)) this.#judge(running, now);
    else if (most && !running.resting) {
      running.resting = true;
      this.#resume();
    }
  }

  #endedAsUsual(tookMs: number): void {
    this.#reference.add(tookMs);
    this.#noise.add(tookMs);
    if (this.#running !== undefined) return;
    this.#planner.earn(this.hold);
    this.#since++;
    this.#fresh++;
  }

  /** Has it changed? Is there something to be tried? */
  #look(now: number): void {
    const reference = this.#reference;
    const size = Math.max(BLOCK, ROUNDS * this.hold);
    if (reference.count < size) return;
    const fresh = this.#fresh;
    this.#fresh = 0;
    this.#noise.learn(reference);
    reference.fade(REMEMBERED * size);
    const change = this.#noise.change(this.#usual, size, this.hold / this.#knee.mean);
    if (change === "none") this.#before = undefined;
    else if (change !== undefined) return this.#changed(change);
    const units = Math.min((now - this.#widenedAt) / UNIT_MS, fresh / UNIT_COUNT);
    this.#widenedAt = now;
    this.#knee.widen(WALK, Math.min(1, WALK_CHANCE * units));
    this.#knee.widen(JUMP, Math.min(1, JUMP_CHANCE * units));
    const experiment = this.#planner.choose(this.#standing);
    if (!this.#planner.climbing) this.#settlesAt = Math.min(this.#settlesAt ?? 0, now + SETTLE_MS);
    if (experiment !== undefined) this.#begin(experiment, now);
  }

  /** Lets more through as long as nothing is known, and then learns from that. */
  #begins(cold: ColdStart, now: number): void {
    if (cold.blind) {
      const limit = clamp(INITIAL + cold.more(now), this.#bounds);
      if (limit <= this.hold) return;
      this.#settle(limit);
      // What an end would have to let in one by one may not come for a long time.
      this.limit = limit;
    } else if (!cold.opened) this.#cold = undefined;
    else if (cold.isOver(now)) {
      this.#cold = undefined;
      const compared = cold.compared(now);
      if (compared === undefined) return;
      this.#knee.compare(compared.first, compared.later, compared.sigma + UNSURE);
      this.#hold(Math.ceil(compared.later.limit));
    }
  }

  get #usual(): Usual {
    const { mean, count, limit } = this.#before ?? this.#reference;
    const moved = Math.log(this.hold / limit);
    return { mean, count, least: Math.min(0, moved), most: Math.max(0, moved) };
  }

  get #standing(): Standing {
    const [knee, noise, hold, since] = [this.#knee, this.#noise, this.hold, this.#since];
    const [known, surprised, bounds] = [this.#reference.count, this.#surprised, this.#bounds];
    return {
      knee,
      noise,
      bounds,
      hold,
      known,
      headroom: this.#headroom.of(noise),
      since,
      surprised,
    };
  }

  /** Requests take e^by times as long as they did: another knee, or another service time. */
  #changed(by: number): void {
    const { hold } = this;
    const slowness = Math.log(Math.max(1, hold / this.#knee.mean));
    this.#knee.widen(JUMP, CHANGED);
    // As if the service time were the same: against so few in flight that nobody waits.
    const sigma = deviationOf(this.#noise, hold / this.#knee.mean, BLOCK, this.#reference.count);
    this.#knee.observe(hold / 100, hold, Math.max(0, slowness + by), sigma + 0.05, DOUBT);
    this.#planner.replenish(hold);
    this.#surprised = true;
    this.#settle(hold);
  }

  #begin(experiment: Experiment, since: number): void {
    this.#running = new Trial(experiment, ++this.#stamps, since);
    this.#since = 0;
    this.#go(experiment.limit);
  }

  #judge(running: Trial, now: number): void {
    const { cohort, experiment, ends } = running;
    cohort.complete(now);
    const rises = cohort.limit > this.#reference.limit;
    const [a, b] = rises ? [this.#reference, cohort] : [cohort, this.#reference];
    if (rises && a.limit > 0.9 * this.#knee.mean) this.#headroom.sees(a, b);
    const [before, { deviation }] = [this.#knee.mean, this.#knee];
    this.#knee.compare(a, b, deviationOf(this.#noise, this.hold / before, a.count, b.count));
    const moved = Math.abs(Math.log(this.#knee.mean / before));
    this.#surprised = moved > Math.max(SURPRISE_LEAST, SURPRISE * deviation);
    this.#planner.pay(this.#standing, experiment, ends);
    this.#running = undefined;
    this.#hold(Math.max(this.hold, b.limit), cohort);
  }

  /** Holds what is known now; not more than was tried. */
  #hold(most: number, tried?: Cohort): void {
    const single = Math.min(1, this.#noise.single(this.hold / this.#knee.mean));
    const wanted = this.#knee.quantile(0.5 + SAFE * single) * (1 + this.#headroom.of(this.#noise));
    const hold = Math.min(most, clamp(Math.round(wanted), this.#bounds));
    if (hold === this.hold) return this.#resume();
    const before = this.#before ?? this.#reference;
    this.#settle(hold, tried?.limit === hold ? tried : undefined);
    this.#before = before;
  }

  /** Holds `limit`, with a new reference. */
  #settle(limit: number, reference = new Cohort(limit)): void {
    this.hold = limit;
    this.#reference = reference;
    this.#before = undefined;
    this.#noise.forget();
    this.#resume();
  }

  /** The usual limit is in force again. */
  #resume(): void {
    this.#stamp = ++this.#stamps;
    this.#go(this.hold);
  }

  #go(limit: number): void {
    this.#goal = limit;
    if (limit <= this.limit) this.limit = limit;
    else this.#step = Math.max(1, Math.ceil((limit - this.limit) / this.limit));
  }
}

function clamp(limit: number, { min, max }: Bounds): number {
  return Math.min(max, Math.max(min, limit));
}
