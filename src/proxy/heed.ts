// On the way out: what the sidecars at the endpoints would refuse is refused here, which is cheaper for both.
//
// That they refuse on arrival they say by their threshold, in each response; how much they take is seen by what
// they answer. So the same rule (shedding.ts) holds here as there: of all that comes, 1.3 times what is answered goes on,
// the least important being refused first. Their own threshold cannot be taken over: it is chosen from what gets there,
// and would be lower each time by what was refused here.
import { CRITICALITIES } from "../core/criticality.ts";
import type { Exchange, ResponseHead } from "../core/exchange.ts";
import { idOf } from "../core/fields.ts";
import { Shedding } from "../policy/shedding.ts";
import { isRetry, nextCallerOf } from "./entrance.ts";

const THRESHOLD = idOf("x-tidegate-threshold");
const REASON = idOf("x-tidegate-reason");
const HOUR_MS = 3_600_000;

export class Heed {
  readonly #wall: () => number;
  readonly #shedding = new Shedding(false);
  /** Has an endpoint refused on arrival since what goes on was chosen last? */
  #announced = false;

  constructor(wall: () => number) {
    this.#wall = wall;
  }

  /** An endpoint has answered with `head`. */
  hears({ fields }: ResponseHead): void {
    if (fields.find(THRESHOLD) >= 0) this.#announced = true;
    if (fields.find(REASON) < 0) this.#shedding.completed();
  }

  /** Is a request of this rank to be refused? To be asked once for each; `key` is the header that names callers. */
  refuses(exchange: Exchange, rank: number, key: string | undefined, now: number): boolean {
    const shedding = this.#shedding;
    if (shedding.tick(now, 0, this.#announced)) {
      this.#announced = false;
      shedding.hour = Math.floor(this.#wall() / HOUR_MS);
    }
    const [caller, retry] = [nextCallerOf(exchange, key), isRetry(exchange.request)];
    return shedding.judge({ rank, caller, retry }) === "shed_priority";
  }

  /** The class and the cohort from which on it refuses; undefined while it does not. */
  get threshold(): string | undefined {
    const { at } = this.#shedding.threshold;
    return at && `${CRITICALITIES[at.rank]}/${at.cohort}`;
  }
}
