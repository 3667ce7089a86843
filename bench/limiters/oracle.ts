// The fixed limit that is best, behind the same queue, with the same draws.
//
//   below the capacity   goodput is greatest, which it mostly is with no limit at all
//   otherwise            goodput * min(1, 2 / p99), p99 in parts of what it is when nobody is met, is greatest
//
// It is looked for by climbing a ladder of limits about the knee, from the one that is usually best.
import { FixedLimit } from "../../src/policy/slots.ts";
import { kneeOf, type Scene } from "./scene.ts";
import { type Score, score } from "./score.ts";

export interface Oracle {
  readonly limit: number;
  readonly score: Score;
}

/** In parts of the knee. */
const LADDER = [0.5, 0.7, 0.85, 1, 1.1, 1.2, 1.35, 1.6, 2, 3];
/** What is better by less is not. */
const MORE = 1.002;
const UNLIMITED = 100_000;

export function oracle(scene: Scene, seeds: readonly number[]): Oracle {
  const { cell, times = 1 } = scene;
  const tried = (limit: number): Oracle => ({
    limit,
    score: score(scene, seeds, () => new FixedLimit(limit)),
  });
  if (cell.discipline === "endless") return tried(UNLIMITED);
  if (times >= 1) return climb(ladderOf(kneeOf(cell)), tried, worth);
  const unlimited = tried(UNLIMITED);
  if (unlimited.score.p99 <= 1.1) return unlimited;
  const best = climb(ladderOf(kneeOf(cell)), tried, goodput);
  return goodput(best) > MORE * goodput(unlimited) ? best : unlimited;
}

/** Whole numbers, from small to great, each of them once. */
function ladderOf(knee: number): number[] {
  const rungs = LADDER.map((part) => Math.max(1, Math.round(part * knee)));
  return [...new Set([...rungs, Math.ceil(knee) + 1])].sort((a, b) => a - b);
}

type Worth = (oracle: Oracle | undefined) => number;

function climb(
  ladder: readonly number[],
  tried: (limit: number) => Oracle,
  worthOf: Worth,
): Oracle {
  const known = new Map<number, Oracle>();
  const at = (place: number): Oracle | undefined => {
    const limit = ladder[place];
    if (limit === undefined) return undefined;
    const found = known.get(limit) ?? tried(limit);
    known.set(limit, found);
    return found;
  };
  let place = Math.floor((ladder.length - 1) / 2);
  for (const way of [1, -1]) {
    while (worthOf(at(place + way)) > MORE * worthOf(at(place))) place += way;
  }
  return at(place) as Oracle;
}

const goodput: Worth = (oracle) => oracle?.score.goodput ?? Number.NEGATIVE_INFINITY;

const worth: Worth = (oracle) => {
  if (oracle === undefined) return Number.NEGATIVE_INFINITY;
  const { goodput, p99 } = oracle.score;
  return goodput * Math.min(1, 2 / p99);
};
