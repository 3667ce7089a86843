// Which requests are refused on arrival, by class and cohort.
//
//   level = rank * 129 + cohort;   129 rather than 128: the last level of each class is that of retries
//
//   level      0 ........ firm ......|... marginal ...|......... refused ............. 515
//   arrivals   <-- at most `sure` -->|
//              <------------ at most `most` --------->|
//
// A cut falls within a level, of which a part is on either side: a lone caller, who is all of his level, is
// cut down and not cut off.
import { CRITICALITIES } from "../core/criticality.ts";
import { COHORTS } from "./criticality.ts";
import { Spread } from "./spread.ts";

const LEVELS_OF_CLASS = COHORTS + 1;
const LEVELS = CRITICALITIES.length * LEVELS_OF_CLASS;

/** What becomes of an arrival. */
export type Standing = "firm" | "marginal" | "refused";

/** All of the levels before `level`, and `part` of that one. */
interface Cut {
  readonly level: number;
  readonly part: number;
}

const NONE: Cut = { level: LEVELS, part: 0 };
const FIRST_SHEDDABLE: Cut = {
  level: CRITICALITIES.indexOf("SHEDDABLE_PLUS") * LEVELS_OF_CLASS,
  part: 0,
};

export class Threshold {
  /** Arrivals by level, decayed. */
  readonly #arrivals = new Float64Array(LEVELS);
  readonly #spread = new Spread();
  #sure = NONE;
  #most = NONE;

  /** Is anybody refused? */
  get active(): boolean {
    return this.#most !== NONE;
  }

  /** The class and the cohort from which on arrivals are refused, some of that cohort still not. */
  get at(): { readonly rank: number; readonly cohort: number } | undefined {
    if (!this.active) return undefined;
    const { level } = this.#most;
    return { rank: Math.floor(level / LEVELS_OF_CLASS), cohort: level % LEVELS_OF_CLASS };
  }

  /** Counts an arrival and says what becomes of it. A retry is the first of its class to go. */
  judge(rank: number, cohort: number, retry: boolean): Standing {
    const level = rank * LEVELS_OF_CLASS + (retry ? COHORTS : cohort);
    this.#arrivals[level] = (this.#arrivals[level] as number) + 1;
    if (this.#most === NONE) return "firm";
    const chance = this.#spread.next();
    if (isAbove(level, this.#sure, chance)) return "firm";
    return isAbove(level, this.#most, chance) ? "marginal" : "refused";
  }

  /**
   * Admits `most` of what has arrived, and `sure` of those for sure; everything when it is less. As long as
   * no critical class is cut, all of them are sure: they can wait for one another.
   */
  admit(sure: number, most: number): void {
    this.#most = this.#cut(most);
    this.#sure = this.active ? this.#cut(sure) : NONE;
    const split = this.#sure.level < FIRST_SHEDDABLE.level;
    if (split && this.#most.level >= FIRST_SHEDDABLE.level) this.#sure = FIRST_SHEDDABLE;
  }

  /** Admits everything of this class and of those above it, and nothing else. */
  admitThrough(rank: number): void {
    const level = (rank + 1) * LEVELS_OF_CLASS;
    this.#most = level < LEVELS ? { level, part: 0 } : NONE;
    this.#sure = this.#most;
  }

  /** Everything that has arrived counts for `factor`, below 1, of what it did. */
  decay(factor: number): void {
    for (let level = 0; level < LEVELS; level++) {
      this.#arrivals[level] = (this.#arrivals[level] as number) * factor;
    }
  }

  #cut(budget: number): Cut {
    let left = budget;
    for (let level = 0; level < LEVELS; level++) {
      const here = this.#arrivals[level] as number;
      if (here > left) return { level, part: left / here };
      left -= here;
    }
    return NONE;
  }
}

function isAbove(level: number, cut: Cut, chance: number): boolean {
  return level < cut.level || (level === cut.level && chance < cut.part);
}
