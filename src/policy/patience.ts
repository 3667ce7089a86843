// How long a request may wait in the queue.
//
//   marginal, or nothing is shed    W = v * S * clamp(8 / (c * (rho - 1)), 0.25, 30);   rho <= 1: W = v * 100 * S
//   firm while others are shed      W = v * S * clamp(24 / c, 0.4, 8)
//   critical                        W = max(200 ms, 40 * S / c)
//
// S is the mean time of an answer, c how many are worked on at once, rho what comes / what is done, and
// v = clamp(0.5 + cv^2, 0.5, 1): what takes the same time always, is waited for half as long as what is drawn by
// chance, (1 + cv^2) / 2 (Pollaczek and Khinchine; Allen and Cunneen for several workers). Answers vary less
// than the work does, since their wait within the service is in them, too.
//
// W is at least half a second while the limit is not known yet: it may well be that all of them can be served.
// It is at least 100 ms when the queue was empty within the last 100 ms (CoDel's rule, in Facebook's form):
// bursts are to be absorbed. While others are shed it is 30 ms for what is marginal, and 60 ms for what is firm.
// A queue that stands is to be short, the shorter the more comes: for each that is refused sooner, another is
// served sooner. The first formula was found with
// discrete-event simulations of 1 to 200 workers at 1.2 to 50 times their capacity. Those that are firm come
// to 0.8 of the capacity, and with service times drawn by chance one of a hundred of them waits for
// ln(100) / (1 - 0.8) = 23 S / c.

const BURST_MS = 100;
/** The same while others are shed: of what is marginal, and of what is firm. */
const [BURST_MARGINAL_MS, BURST_FIRM_MS] = [30, 60];
const UNSETTLED_MS = 500;
const CRITICAL_MS = 200;

/** What patience depends on; times in milliseconds. */
export interface Pressure {
  readonly meanMs: number;
  /** The square of the coefficient of variation of the times of answers. */
  readonly variation: number;
  readonly limit: number;
  /** Arrivals / completions. */
  readonly excess: number;
  /** Are arrivals refused already, so that what is firm is no more than can be done? */
  readonly shedding: boolean;
  /** Is the limit known by now? */
  readonly settled: boolean;
  /** How long ago the queue was empty last. */
  readonly emptyAgoMs: number;
}

/** How long each kind may wait, in milliseconds. */
export interface Patience {
  readonly marginal: number;
  readonly firm: number;
  readonly critical: number;
}

export function patience(pressure: Pressure): Patience {
  const { meanMs, variation, limit, excess, shedding, settled, emptyAgoMs } = pressure;
  const burst = emptyAgoMs <= BURST_MS ? BURST_MS : 0;
  const least = settled ? burst : UNSETTLED_MS;
  const times = excess > 1 ? clamp(8 / (limit * (excess - 1)), 0.25, 30) : 100;
  const varied = meanMs * clamp(0.5 + variation, 0.5, 1);
  const within = (most: number): number => (shedding ? Math.min(most, least) : least);
  const marginal = Math.max(within(BURST_MARGINAL_MS), varied * times);
  const shed = Math.max(within(BURST_FIRM_MS), varied * clamp(24 / limit, 0.4, 8));
  const firm = shedding ? Math.max(marginal, shed) : marginal;
  return { marginal, firm, critical: Math.max(firm, CRITICAL_MS, (40 * meanMs) / limit) };
}

function clamp(value: number, least: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}
