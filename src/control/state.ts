// What `GET /state` shows: an allow list. A field that is not named here is never printed, whatever
// object the state was put together from, so that a secret in the config has no way out.

export interface State {
  readonly version: string;
  /** When the process was ready, as an ISO 8601 time. */
  readonly started: string;
  readonly draining: boolean;
  readonly config: ConfigState;
  /** How short this process is of itself; undefined where it does not look. */
  readonly protection:
    | {
        readonly stage: string;
        /** How much gives way, from 0 to 2, and the share of the connections that is not read from. */
        readonly level: number;
        readonly resting: number;
        /** What it judges by: timers are usually late by so much; shares in use, from 0 to 1. */
        readonly delayMs: number;
        readonly utilisation: number;
        readonly memory: number;
        readonly connections: number;
      }
    | undefined;
  readonly listeners: readonly ListenerState[];
  readonly clusters: readonly ClusterState[];
}

export interface ConfigState {
  /** Of the file: the first characters of its SHA-256, as `sha256sum` prints it. Empty without a file. */
  readonly digest: string;
  /** When the config in force was read, as an ISO 8601 time. */
  readonly loaded: string;
  /** Why the config that was read after it is not in force; undefined when there was none. */
  readonly refused:
    | { readonly at: string; readonly cause: string; readonly errors: readonly string[] }
    | undefined;
}

export interface ListenerState {
  readonly name: string;
  readonly address: string;
  readonly connections: number;
}

export interface ClusterState {
  readonly name: string;
  readonly inFlight: number;
  /** Undefined where there is no limit. */
  readonly concurrency:
    | {
        /** `report` where nothing is refused. */
        readonly mode: string;
        readonly limit: number;
        /** Those that count to it. */
        readonly inFlight: number;
        /** Streams, upgrades and long polls, which are counted apart. */
        readonly streams: number;
        readonly waiting: number;
        /** The most that may. */
        readonly mostWaiting: number;
        /** The class and the cohort from which on requests are refused on arrival; undefined when none are. */
        readonly threshold: string | undefined;
      }
    | undefined;
  /** From where on it refuses what its endpoints, which are sidecars, would refuse; undefined when it does not. */
  readonly heeds: string | undefined;
  /** Requests that were refused, and those that `mode: report` let pass. */
  readonly refusals: readonly RefusalState[];
  readonly wouldRefuse: readonly RefusalState[];
  /**
   * Who is asked first: primaries, backups, or primaries more and more (returning); `fallback` or, without
   * one, `nobody` when the last requests found every endpoint down, open or draining.
   */
  readonly tier: string;
  /** How many retries and hedges it would grant at once. */
  readonly retryBudget: { readonly remaining: number };
  /** What its backups work on together, and may at most; undefined where there are none. */
  readonly backups: { readonly inFlight: number; readonly limit: number } | undefined;
  /** The routes to it that hedge. */
  readonly hedges: readonly HedgeState[];
  readonly endpoints: readonly EndpointState[];
  /** The names among its endpoints and backups. */
  readonly names: readonly NameState[];
}

/** Since it started, all criticalities together. */
export interface RefusalState {
  readonly reason: string;
  readonly count: number;
}

export interface HedgeState {
  readonly route: string;
  /** After how long it sends a second try; undefined while too few answers are known to tell. */
  readonly delayMs: number | undefined;
}

export interface NameState {
  readonly name: string;
  /** How many it stands for. */
  readonly addresses: number;
  /** When it was resolved last, as an ISO 8601 time, and why it was not since then. */
  readonly resolved: string | undefined;
  readonly problem: string | undefined;
}

export interface EndpointState {
  readonly address: string;
  /** The name in the config that it was found by; undefined when the config has the address. */
  readonly name: string | undefined;
  readonly tier: string;
  /** Connections to it, busy and idle; sessions of HTTP/2 are among them. */
  readonly connections: number;
  /** Of HTTP/2: its sessions, the requests on them, and those that wait for one; undefined before the first. */
  readonly http2?:
    | { readonly sessions: number; readonly streams: number; readonly waiting: number }
    | undefined;
  /** Requests that it is working on. */
  readonly load: number;
  /** Its part of the traffic in proportion to the others'. */
  readonly weight: number;
  /** `yes`, or why it gets no requests: down, open, draining, full. */
  readonly usable: string;
  readonly health: string;
  /** What it says of itself in its health answers: `x-tidegate-weight` and the like. */
  readonly advice: {
    readonly weight: number | undefined;
    readonly drain: boolean;
    readonly maxConcurrency: number | undefined;
  };
  /** How the last probe ended, and when; empty when there was none. */
  readonly probe: { readonly result?: string; readonly reason?: string; readonly at?: string };
  /** What an operator has ordered: open, close or drain. */
  readonly override: string | undefined;
  /** In how many milliseconds that ends by itself; undefined when it does not. */
  readonly overrideMs: number | undefined;
  readonly breaker: {
    readonly state: string;
    /** What brought the state about, and in how many milliseconds it ends by itself. */
    readonly reason: string | undefined;
    readonly untilMs: number | undefined;
  };
}

/** The same shape again as a value: the compiler holds the two together. */
type Shape<T> = T extends readonly (infer Item)[]
  ? readonly [Shape<Item>]
  : T extends object
    ? { readonly [Key in keyof T]-?: Shape<T[Key]> }
    : true;

const SHAPE: Shape<State> = {
  version: true,
  started: true,
  draining: true,
  config: { digest: true, loaded: true, refused: { at: true, cause: true, errors: [true] } },
  protection: {
    stage: true,
    level: true,
    resting: true,
    delayMs: true,
    utilisation: true,
    memory: true,
    connections: true,
  },
  listeners: [{ name: true, address: true, connections: true }],
  clusters: [
    {
      name: true,
      inFlight: true,
      concurrency: {
        mode: true,
        limit: true,
        inFlight: true,
        streams: true,
        waiting: true,
        mostWaiting: true,
        threshold: true,
      },
      heeds: true,
      refusals: [{ reason: true, count: true }],
      wouldRefuse: [{ reason: true, count: true }],
      tier: true,
      retryBudget: { remaining: true },
      backups: { inFlight: true, limit: true },
      hedges: [{ route: true, delayMs: true }],
      endpoints: [
        {
          address: true,
          name: true,
          tier: true,
          connections: true,
          http2: { sessions: true, streams: true, waiting: true },
          load: true,
          weight: true,
          usable: true,
          health: true,
          override: true,
          overrideMs: true,
          advice: { weight: true, drain: true, maxConcurrency: true },
          probe: { result: true, reason: true, at: true },
          breaker: { state: true, reason: true, untilMs: true },
        },
      ],
      names: [{ name: true, addresses: true, resolved: true, problem: true }],
    },
  ],
};

/** The state as indented JSON, with the fields named above and no others. */
export function printState(state: State): string {
  return `${JSON.stringify(pick(state, SHAPE), undefined, 2)}\n`;
}

type AnyShape = true | readonly [AnyShape] | { readonly [key: string]: AnyShape };

/** What of `value` the shape allows; where a plain value should be, an object is left out. */
function pick(value: unknown, shape: AnyShape): unknown {
  if (shape === true) return typeof value === "object" ? undefined : value;
  if (isList(shape)) return Array.isArray(value) ? value.map((item) => pick(item, shape[0])) : [];
  if (typeof value !== "object" || value === null) return undefined;
  const fields = new Map(Object.entries(value));
  return Object.fromEntries(
    Object.entries(shape).map(([key, inner]) => [key, pick(fields.get(key), inner)]),
  );
}

function isList(shape: AnyShape): shape is readonly [AnyShape] {
  return Array.isArray(shape);
}
