// What is asked of a limiter in a scene, and where ours is known to fall short.
//
//   goodput   0.99 of the oracle's; 0.93 where 1 or 2 workers get twice what they can do
//   p99       2 x what it is when nobody is met, from twice the capacity on; else 2 x the oracle's
//   t95       after a step, until a second begins in which goodput is 0.95 of the oracle's: 2 s, cold 3 s
//   kept      of what is protected: 0.999 of all, or 0.99 of what the oracle answers
//   refused   nobody, below the capacity
//
import type { Oracle } from "./oracle.ts";
import type { Scene } from "./scene.ts";
import { BIN_MS, type Score } from "./score.ts";

export type Measure = "goodput" | "p99" | "t95" | "kept" | "refused";

/** One figure of a scene beside its gate. */
export interface Verdict {
  readonly measure: Measure;
  /** A ratio to the oracle, to nobody met, milliseconds, a share, a count: as the gate. */
  readonly figure: number;
  readonly gate: number;
  /** Is more of it better? */
  readonly rises: boolean;
  readonly met: boolean;
}

const [GOODPUT, GOODPUT_FEW, P99, RECOVERED, KEPT] = [0.99, 0.93, 2, 0.95, 0.99];
const FEW = 2;
const WINDOW = 1000 / BIN_MS;

/** Everything that is asked of it there. */
export function judge(scene: Scene, score: Score, { score: best }: Oracle): Verdict[] {
  const { cell, times, steps, within, protects, share, spares } = scene;
  const verdicts: Verdict[] = [];
  const ask = (measure: Measure, figure: number, gate: number, rises: boolean): void => {
    verdicts.push({ measure, figure, gate, rises, met: rises ? figure >= gate : figure <= gate });
  };
  const few = cell.workers <= FEW && times === 2;
  if (spares === true) ask("refused", score.refused, 0, false);
  if (steps === undefined) {
    ask("goodput", score.goodput / best.goodput, few ? GOODPUT_FEW : GOODPUT, true);
  } else {
    ask("t95", recovery(steps, score.bins, best.bins), within ?? Number.POSITIVE_INFINITY, false);
  }
  if (protects !== undefined) ask("kept", score.kept, share ?? KEPT * best.kept, true);
  ask(
    "p99",
    score.p99,
    P99 * (times !== undefined && times >= 2 ? 1 : Math.max(1, best.p99)),
    false,
  );
  return verdicts;
}

/** The longest of the recoveries after each of the steps, in milliseconds; Infinity when there is one without. */
function recovery(
  steps: readonly number[],
  bins: readonly number[],
  best: readonly number[],
): number {
  const over = (list: readonly number[], bin: number): number =>
    list.slice(bin, bin + WINDOW).reduce((sum, each) => sum + each, 0);
  const times = steps.map((step, index) => {
    const until = (steps[index + 1] ?? bins.length * BIN_MS) / BIN_MS - WINDOW;
    for (let bin = step / BIN_MS; bin <= until; bin++) {
      if (over(bins, bin) >= RECOVERED * over(best, bin)) return bin * BIN_MS - step;
    }
    return Number.POSITIVE_INFINITY;
  });
  return Math.max(...times);
}

/** A figure as it is told. */
export function text(measure: Measure, figure: number): string {
  if (measure === "t95" || measure === "refused") return figure.toFixed(0);
  return figure.toFixed(measure === "kept" ? 4 : 3);
}
