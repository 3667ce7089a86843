// One scene: the oracle first, then everybody else.
import { contendersOf } from "./contenders.ts";
import { extras } from "./extras.ts";
import { judge, type Verdict } from "./gates.ts";
import { grid } from "./grid.ts";
import { oracle } from "./oracle.ts";
import type { Scene } from "./scene.ts";
import { type Score, score } from "./score.ts";

/** What a worker is given: names, since functions cannot be sent. */
export interface Job {
  readonly scene: string;
  readonly seeds: readonly number[];
  readonly limiters: readonly string[];
}

/** What one limiter made of one scene. */
export interface Result {
  readonly scene: string;
  readonly limiter: string;
  readonly score: Omit<Score, "bins">;
  readonly verdicts: readonly Verdict[];
}

export interface Trial {
  readonly scene: string;
  readonly times: number | undefined;
  readonly oracle: { readonly limit: number; readonly score: Omit<Score, "bins"> };
  readonly results: readonly Result[];
}

const SCENES: ReadonlyMap<string, Scene> = new Map(
  [...grid(), ...extras()].map((scene) => [scene.name, scene]),
);

/** All of them, or those whose name has these words at its beginning; throws where there are none. */
export function scenesOf(beginning = ""): Scene[] {
  const found = SCENES.get(beginning);
  if (found !== undefined) return [found];
  const some = [...SCENES.values()].filter(({ name }) => `${name} `.startsWith(beginning));
  if (some.length > 0) return some;
  throw new Error(
    `bench: no cell is called ${beginning}; there are such as ${[...SCENES.keys()][0]}`,
  );
}

/** Plays it; throws when there is no such scene or limiter. */
export function tryOut({ scene: name, seeds, limiters }: Job): Trial {
  const scene = SCENES.get(name);
  if (scene === undefined) throw new Error(`bench: no cell is called ${name}`);
  const best = oracle(scene, seeds);
  const results = contendersOf(limiters.join(",")).map((contender): Result => {
    const { bins, ...rest } = score(scene, seeds, contender.make);
    const verdicts = judge(scene, { ...rest, bins }, best);
    return { scene: name, limiter: contender.name, score: rest, verdicts };
  });
  const { bins: _, ...own } = best.score;
  return { scene: name, times: scene.times, oracle: { limit: best.limit, score: own }, results };
}
