// Who answers for a cluster, as far as its requests have shown, and word of each change.
//
//   primaries -> backups -> returning -> primaries    as its TierChoice has it
//   any of them -> fallback                           every endpoint is down, open or draining
//   fallback -> what the choice is then               one is asked whose breaker is closed
//
// Where there is no static fallback the word is `nobody`. What is only full changes nothing, nor does a trial:
// both come and go with single requests.
import type { TierChange, TierChoice } from "../policy/tier.ts";
import type { Endpoint, Unusable } from "./endpoint.ts";

/** What there is to choose from. */
interface Facts {
  readonly choice: TierChoice["kind"];
  readonly hasFallback: boolean;
  /** Why nothing may be asked, the nearest to be; `full` or undefined where something may be, or soon. */
  readonly why: (tier: "primary" | "all") => Unusable | undefined;
}

export class Standing {
  #kind: TierChange["from"] = "primaries";
  readonly #changed: (change: TierChange) => void;

  constructor(changed: (change: TierChange) => void) {
    this.#changed = changed;
  }

  get kind(): string {
    return this.#kind;
  }

  /** A request goes to `picked`, or to nobody. */
  meets(picked: Endpoint | undefined, facts: Facts): void {
    const from = this.#kind;
    const { choice, hasFallback, why } = facts;
    if (from === choice && picked !== undefined) return;
    const isOut = from === "fallback" || from === "nobody";
    if (picked === undefined) {
      const reason = isOut ? undefined : why("all");
      if (reason !== undefined && reason !== "full") {
        this.#become({ from, to: hasFallback ? "fallback" : "nobody", reason });
      }
    } else if (!isOut) {
      this.#become({ from, to: choice, reason: REASONS[choice] ?? why("primary") ?? "tried" });
    } else if (picked.breaker === undefined || picked.breaker.state === "closed") {
      this.#become({ from, to: choice, reason: "usable" });
    }
  }

  #become(change: TierChange): void {
    this.#kind = change.to;
    this.#changed(change);
  }
}

/** Why traffic goes back; why it leaves, the endpoints say. */
const REASONS: Readonly<Partial<Record<TierChoice["kind"], string>>> = {
  primaries: "ramp_over",
  returning: "hold_over",
};

const NEAREST: readonly Unusable[] = ["full", "open", "draining", "down"];

/** What keeps the one from being asked that is nearest to it; undefined when one may be, or there is none. */
export function nearest(endpoints: readonly Endpoint[], now: number): Unusable | undefined {
  const whys = new Set(endpoints.map((endpoint) => endpoint.unusable(now)));
  return whys.has(undefined) ? undefined : NEAREST.find((why) => whys.has(why));
}
