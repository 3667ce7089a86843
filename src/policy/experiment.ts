// Which other limit to try next, so as to learn most about the knee for what it costs.
//
//   dip    to a lower limit: costs what is not done in the meantime, if the knee is above it
//   lift   to a higher one: costs time, if the knee is below it
//   climb  to twice or four times as much, while the knee is believed to lie above
//
// Both are paid for from allowances that grow with every request done at the usual limit, and by the more, the
// likelier it is that this is too low or too high. Of those that can be paid for, the one is made that
// tells most for its price.
import type { Knee } from "./knee.ts";
import type { Noise } from "./noise.ts";

/** What a choice is made from. */
export interface Standing {
  readonly knee: Knee;
  readonly noise: Noise;
  readonly bounds: { readonly min: number; readonly max: number };
  /** The usual limit, and how many requests are known that were made with it. */
  readonly hold: number;
  readonly known: number;
  /** How much more than the knee is wanted, relative to it. */
  readonly headroom: number;
  /** How many requests ended since the last experiment, and whether that had surprised. */
  readonly since: number;
  readonly surprised: boolean;
}

/** A limit to be tried for so many requests. */
export interface Experiment {
  readonly limit: number;
  readonly size: number;
  readonly climb: boolean;
}

/** Of two means whatever their sizes, in ln: R(n) is not quite what the formula says. */
const MODEL = 0.03;
/** Noise is a little more than it looks like. */
const INFLATE = 1.1;
/** Requests of an experiment: at least, in rounds of the limit, and for such a share of sigma at CV 1. */
const [LEAST, ROUNDS, FOR_CV] = [16, 2, 100];
/** A dip or lift is to be seen at so many sigma, unless FOR_CV is less. */
const SIGMAS = 2;
/** What is learnt is at least so much, in nats. */
const [DIP_GAIN, LIFT_GAIN] = [0.05, 0.03];
/** Nothing nearer than that is tried, in parts of the limit, for MODEL's sake. */
const NEAREST = 1.07;
const [DIPS, LIFTS] = [
  [0.1, 0.3, 0.5, 0.7],
  [1.25, 1.6, 2, 4],
] as const;
/** The share of the belief that has to lie above, to climb. */
const CLIMB = 0.4;
/** ln K is known so well that experiments are to be SPACING times as rare as they are long. */
const [CALM, SPACING] = [0.25, 8];
/** Lifts cost the square of how far they are beyond the knee and this, relative to it. */
const FREE = 0.3;
/** What a request done earns, without and with the regret of a limit that is off. */
const [DIP_PAY, DIP_REGRET] = [0.003, 0.01];
const [LIFT_PAY, LIFT_REGRET] = [0.006, 0.6];
/** Allowances to begin with; after a change or a climb, per slot; and at most, per slot and SPARE more. */
const [DIP_FIRST, LIFT_FIRST, AGAIN, MOST, SPARE] = [30, 400, 2, 4, 16];

export class Planner {
  #dips = DIP_FIRST;
  #lifts = LIFT_FIRST;
  #dipPay = DIP_PAY;
  #liftPay = LIFT_PAY;
  /** Is the knee believed to be far above? */
  climbing = true;

  /** A request has ended well at the usual limit. */
  earn(hold: number): void {
    const most = MOST * (hold + SPARE);
    this.#dips = Math.min(most, this.#dips + this.#dipPay);
    this.#lifts = Math.min(most, this.#lifts + this.#liftPay);
  }

  /** The service has changed: much is to be learnt at once. */
  replenish(hold: number): void {
    this.#dips = Math.max(this.#dips, AGAIN * hold);
    this.#lifts = Math.max(this.#lifts, AGAIN * hold);
  }

  /** An experiment is over: `count` requests ended while it was on. */
  pay({ knee, hold }: Standing, { limit, climb }: Experiment, count: number): void {
    if (limit < hold) this.#dips -= dipCost(knee, hold, limit, count);
    else if (!climb) this.#lifts -= liftCost(knee, hold, limit, count);
  }

  /** What to try now, if anything. */
  choose(standing: Standing): Experiment | undefined {
    const { knee, hold, headroom } = standing;
    this.#liftPay = LIFT_PAY + LIFT_REGRET * knee.expect((k) => within(k / hold - 1));
    this.#dipPay = DIP_PAY + DIP_REGRET * knee.expect((k) => within(hold / k - 1 - headroom));
    const above = knee.quantile(1 - CLIMB);
    if (above > Math.max(hold + 0.5, hold * NEAREST)) {
      this.climbing = true;
      return climbFrom(standing, above > 2 * hold ? 4 : 2);
    }
    if (this.climbing) this.#dips = Math.max(this.#dips, AGAIN * hold);
    this.climbing = false;
    return this.#best(standing);
  }

  #best(standing: Standing): Experiment | undefined {
    const { knee, hold, bounds } = standing;
    const nearest = Math.floor(Math.min(hold - 1, hold / NEAREST));
    const dips = DIPS.map((share) => Math.floor(knee.quantile(share)));
    const lifts = LIFTS.map((times) => Math.ceil(hold * times));
    let best: Experiment | undefined;
    let most = 0;
    for (const limit of [...dips.filter((each) => each < nearest), nearest, ...lifts]) {
      if (limit < bounds.min || limit > bounds.max) continue;
      const size = sizeOf(standing, limit);
      const worth = this.#worth(standing, limit, size);
      if (worth <= most) continue;
      most = worth;
      best = { limit, size, climb: false };
    }
    return best;
  }

  /** What is learnt, for what it costs; 0 where it is not to be made. */
  #worth({ knee, noise, hold, known, since, surprised }: Standing, limit: number, size: number) {
    if (known < size) return 0;
    const rises = limit > hold;
    const count = size + 2 * limit;
    const slots = Math.min(limit, hold);
    if (knee.deviation < CALM && !surprised && since < (SPACING * count * hold) / slots) return 0;
    const cost = rises ? liftCost(knee, hold, limit, count) : dipCost(knee, hold, limit, count);
    if (cost > (rises ? this.#lifts : this.#dips)) return 0;
    const sigma = deviationOf(noise, hold / knee.mean, size, known);
    const gain = knee.gain(slots, Math.max(limit, hold), sigma);
    if (gain <= (rises ? LIFT_GAIN : DIP_GAIN)) return 0;
    return gain / ((count * hold) / slots + cost / (rises ? LIFT_PAY : DIP_PAY));
  }
}

/** The standard deviation of the logarithm of the ratio of the means of m and n requests. */
export function deviationOf(noise: Noise, depth: number, m: number, n: number): number {
  return Math.hypot(MODEL, INFLATE * noise.single(depth) * Math.sqrt(1 / m + 1 / n));
}

function climbFrom(standing: Standing, times: number): Experiment | undefined {
  const { hold, known, bounds } = standing;
  const limit = Math.min(bounds.max, times * hold);
  const size = sizeOf(standing, limit);
  return limit > hold && known >= size ? { limit, size, climb: true } : undefined;
}

function sizeOf({ noise, knee, hold }: Standing, limit: number): number {
  const single = noise.single(hold / knee.mean);
  const seen = (SIGMAS * single) / Math.abs(Math.log(limit / hold));
  const enough = Math.min(FOR_CV * single ** 2, seen ** 2);
  return Math.ceil(Math.max(LEAST, ROUNDS * Math.max(limit, hold), enough));
}

/** Requests that are not done in the meantime when `count` are done with `limit` in flight. */
function dipCost(knee: Knee, hold: number, limit: number, count: number): number {
  return count * knee.expect((k) => Math.max(0, Math.min(hold, k) / limit - 1));
}

/** How much longer `count` requests take that are done with `limit` in flight, squared. */
function liftCost(knee: Knee, hold: number, limit: number, count: number): number {
  return count * knee.expect((k) => Math.max(0, limit / Math.max(hold, k) - 1 - FREE) ** 2);
}

function within(share: number): number {
  return Math.min(1, Math.max(0, share));
}
