// How much a request matters, and to which cohort of its class its caller belongs.
//
//   rank   = that of the route or of the method; a header lowers it, and raises it only where the route
//            takes its criticality from that header and the sender is trusted
//   cohort = hash(caller, hour) mod 128
//
// Cohorts divide a class by callers: what has to be refused is refused to the same callers, and the others
// are served well, rather than everybody badly. Each hour the lot falls upon others. Zhou et al.,
// "Overload Control for Scaling WeChat Microservices", SoCC 2018, which has 128 levels, too.
import { CRITICALITIES, type Criticality, rankOf } from "../core/criticality.ts";

/** What the config says of a route. */
export interface CriticalitySettings {
  readonly default: Criticality;
  /** The header that says it instead, in lower case; undefined where it can only lower it. */
  readonly header: string | undefined;
  /** By method, in place of the default. */
  readonly methods: Readonly<Record<string, Criticality>>;
}

/** The header by which every client may say that a request matters less. */
const CRITICALITY_HEADER = "x-criticality";
export const COHORTS = 128;

export class CriticalityRule {
  /** The header to be read, in lower case. */
  readonly header: string;
  readonly #own: number;
  readonly #methods: ReadonlyMap<string, number>;
  readonly #raises: boolean;

  constructor(settings: CriticalitySettings) {
    this.header = settings.header ?? CRITICALITY_HEADER;
    this.#raises = settings.header !== undefined;
    this.#own = rankIn(settings.default);
    const methods = Object.entries(settings.methods);
    this.#methods = new Map(methods.map(([method, word]) => [method, rankIn(word)]));
  }

  /**
   * The rank of a request, 0 for what matters most, when `said` are the values of the header, and by whom. Of
   * several the lowest class counts, so that nobody gains by saying two; what is no class says nothing.
   */
  rank(method: string, said: readonly string[], trusted: boolean): number {
    const own = this.#methods.get(method) ?? this.#own;
    let asked = -1;
    for (const value of said) {
      for (const word of value.split(",")) asked = Math.max(asked, rankOf(word) ?? -1);
    }
    if (asked < 0) return own;
    return this.#raises && trusted ? asked : Math.max(own, asked);
  }
}

function rankIn(word: Criticality): number {
  return CRITICALITIES.indexOf(word);
}

/** The 32-bit FNV-1a hash of a caller's name, of any length. */
export function hashOf(caller: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < caller.length; i++) {
    hash = Math.imul(hash ^ caller.charCodeAt(i), 0x01000193);
  }
  return hash >>> 0;
}

/** The cohort, from 0 to 127, of the caller with this hash; `hour` is a whole number of hours. */
export function cohortOf(hash: number, hour: number): number {
  // The end of MurmurHash3: every bit of both has a say in each bit of the cohort.
  let mixed = hash ^ Math.imul(hour, 0x9e3779b1);
  mixed = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b);
  mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
  return (mixed ^ (mixed >>> 16)) & (COHORTS - 1);
}
