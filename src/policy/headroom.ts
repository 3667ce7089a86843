// How much more than the knee is let through, so that workers have work at once.
//
//   (0.07 + 0.3 cv) * (1 - 1.5 steepness)
//
// A service that does less the more it is given has none: there requests take longer by more than those
// in flight have grown by.
import type { Cohort } from "./cohort.ts";

/** Relative to the knee: as it is, and per coefficient of variation. */
const [HEADROOM, HEADROOM_CV] = [0.07, 0.3];
/** The latest lift counts for so much, and headroom goes so fast. */
const [STEEP_RATE, STEEP] = [0.3, 1.5];

/** What a limiter lets through beyond the knee, relative to it. */
export class Headroom {
  #steep = 0;

  /** Beyond the knee, requests of `b` were compared with those of `a`, which had fewer in flight. */
  sees(a: Cohort, b: Cohort): void {
    const beyond = Math.log(b.mean / a.mean) / Math.log(b.limit / a.limit) - 1;
    this.#steep += STEEP_RATE * (Math.max(-1, Math.min(1.5, beyond)) - this.#steep);
  }

  /** Relative to the knee, at least 0; `cv` is that of the times that requests take. */
  of({ cv }: { readonly cv: number }): number {
    const flat = 1 - Math.min(1, STEEP * Math.max(0, this.#steep));
    return flat * (HEADROOM + HEADROOM_CV * cv);
  }
}
