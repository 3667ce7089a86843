// How each scenario loads the service, the same for every contender.

/** A stretch of a run. */
export interface Phase {
  /** Undefined where nothing is told of it: the contenders warm up. */
  readonly name: string | undefined;
  /** Undefined: as long as the run is to be. */
  readonly seconds: number | undefined;
  /** All work takes so many times as long. */
  readonly pace: number;
  /** So much of the load comes; all of it where it is undefined. */
  readonly share?: number;
}

/** Requests of one class, and how many of them come, in parts of the capacity. */
interface Stream {
  readonly criticality: "CRITICAL" | "SHEDDABLE";
  readonly rho: number;
}

export interface Scenario {
  readonly name: string;
  readonly title: string;
  readonly workers: number;
  /** What work takes, and how much of the work takes so long; the shares sum to 1. */
  readonly work: readonly { readonly ms: number; readonly share: number }[];
  /** Does the service work on for callers who have gone, or heed them? */
  readonly works: "on" | "heeds";
  readonly streams: readonly Stream[];
  /** How often a client asks again that was refused or has given up. */
  readonly retries: number;
  /** A client gives up, and closes its connection, after so long. */
  readonly patienceMs: number;
  readonly phases: readonly Phase[];
}

/** A service runs for days: what is compiled as it runs has been, and what learns has learnt. */
const COLD: Phase = { name: undefined, seconds: 3, pace: 1, share: 0.2 };
const WARM: Phase = { name: undefined, seconds: 4, pace: 1 };

const STEADY = {
  workers: 16,
  work: [{ ms: 10, share: 1 }],
  works: "on",
  retries: 0,
  patienceMs: 250,
  phases: [COLD, WARM, { name: "steady", seconds: undefined, pace: 1 }],
} as const;

const all = (rho: number): readonly Stream[] => [{ criticality: "SHEDDABLE", rho }];

function steady(rho: number): Scenario {
  return { ...STEADY, name: `${rho}x`, title: `${rho} times its capacity`, streams: all(rho) };
}

function critical(rho: number): Scenario {
  return {
    ...STEADY,
    name: `critical-${rho}x`,
    title: `CRITICAL at 0.5 of the capacity within ${rho} times of SHEDDABLE`,
    streams: [{ criticality: "CRITICAL", rho: 0.5 }, ...all(rho)],
  };
}

export const SCENARIOS: readonly Scenario[] = [
  ...[0.5, 0.95, 2, 5, 10].map(steady),
  {
    ...steady(50),
    title:
      "50 times the capacity of 16 workers x 100 ms: of 10 ms, the generator could not keep up",
    work: [{ ms: 100, share: 1 }],
    patienceMs: 1000,
    phases: [COLD, { ...WARM, seconds: 8 }, { name: "steady", seconds: undefined, pace: 1 }],
  },
  {
    ...steady(2),
    name: "heeds",
    title: "2 times the capacity of a service that does not work for callers who have gone",
    works: "heeds",
  },
  {
    ...steady(2),
    name: "step",
    title: "2 times its capacity; four times slower for 8 s, and back",
    phases: [
      COLD,
      WARM,
      { name: "before", seconds: 3, pace: 1 },
      { name: "slow, 0-2 s", seconds: 2, pace: 4 },
      { name: "slow, 2-8 s", seconds: 6, pace: 4 },
      { name: "back, 0-2 s", seconds: 2, pace: 1 },
      { name: "back, 2-8 s", seconds: 6, pace: 1 },
    ],
  },
  critical(5),
  critical(10),
  {
    ...steady(2),
    name: "bimodal",
    title: "2 times its capacity; 90 % of the work is 5 ms, 10 % is 100 ms",
    work: [
      { ms: 5, share: 0.9 },
      { ms: 100, share: 0.1 },
    ],
    patienceMs: 500,
  },
  {
    ...steady(0.8),
    name: "storm",
    title: "0.8 of its capacity, clients that ask twice again; four times slower for 2 s, and back",
    retries: 2,
    phases: [
      COLD,
      WARM,
      { name: "before", seconds: 3, pace: 1 },
      { name: "slow, 0-2 s", seconds: 2, pace: 4 },
      { name: "back, 0-2 s", seconds: 2, pace: 1 },
      { name: "back, 2-8 s", seconds: 6, pace: 1 },
    ],
  },
];

/** Requests per second that it can do at pace 1. */
export function capacityOf({ workers, work }: Scenario): number {
  return (workers * 1000) / meanMs(work);
}

/** Milliseconds of work of a request, on average. */
export function meanMs(work: Scenario["work"]): number {
  return work.reduce((sum, { ms, share }) => sum + ms * share, 0);
}

/** The phases of a run whose open ones are to take `seconds`, each with its begin and end in milliseconds. */
export function timeline(scenario: Scenario, seconds: number): readonly Span[] {
  let at = 0;
  return scenario.phases.map(({ name, seconds: own = seconds, pace, share = 1 }) => {
    const from = at;
    at += own * 1000;
    return { name, pace, share, from, to: at };
  });
}

/** A phase of a run, in milliseconds since the run began. */
export interface Span {
  readonly name: string | undefined;
  readonly pace: number;
  readonly share: number;
  readonly from: number;
  readonly to: number;
}
