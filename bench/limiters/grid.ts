// The grid: workers x load x service times x disciplines.
import type { Duration } from "../../test/sim/chance.ts";
import { type Cell, meanOf } from "../../test/sim/crowd/crowd.ts";
import type { Discipline } from "../../test/sim/crowd/services.ts";
import type { Scene } from "./scene.ts";

export const WORKERS = [1, 2, 4, 16, 64, 256, 2000] as const;
export const LOADS = [0.5, 0.95, 1.1, 2, 5, 10, 50] as const;
export const DISCIPLINES = ["fifo", "sharing", "stages", "collapse"] as const;
export const KINDS = ["constant", "exponential", "lognormal", "bimodal"] as const;

/** The last ones are slow in wall-clock time: what comes before they count is at most that many times. */
const WARM_LOAD = 5;
const FULL_MS = 250;

/** The service times: a mean of 20 ms, and of 50 ms before 2000 workers; 90 % 5 ms and 10 % 100 ms. */
export function timeOf(kind: Duration["kind"], workers: number): Duration {
  const mean = workers >= 500 ? 50 : 20;
  switch (kind) {
    case "bimodal":
      return { kind, short: 5, long: 100, share: 0.1 };
    case "lognormal":
      return { kind, mean, sigma: 0.8 };
    default:
      return { kind, mean };
  }
}

/** All of it: 784 scenes. */
export function grid(): Scene[] {
  return WORKERS.flatMap((workers) =>
    LOADS.flatMap((load) =>
      KINDS.flatMap((kind) =>
        DISCIPLINES.map((discipline) => gridScene(workers, kind, discipline, load)),
      ),
    ),
  );
}

/** So many parts has it, each with every number of workers at every load once. */
export const PARTS = KINDS.length * DISCIPLINES.length;

/** The part of this number, from 1 on: service times and disciplines take turns. */
export function partOf(number: number): Scene[] {
  return WORKERS.flatMap((workers, row) =>
    LOADS.map((load, column) => {
      const turn = (number - 1 + 5 * row + 3 * column) % PARTS;
      const kind = KINDS[Math.floor(turn / DISCIPLINES.length)] as Duration["kind"];
      const discipline = DISCIPLINES[turn % DISCIPLINES.length] as Discipline;
      return gridScene(workers, kind, discipline, load);
    }),
  );
}

export function gridScene(
  workers: number,
  kind: Duration["kind"],
  discipline: Discipline,
  load: number,
): Scene {
  const time = timeOf(kind, workers);
  const cell = {
    workers,
    time,
    discipline,
    load: loadOf(load, workers, time),
    ...span(workers, time),
  };
  return { name: `${workers} ${kind} ${discipline} x${load}`, cell, times: load };
}

/**
 * Learns for 4 s and a thousand requests of each worker of one; then 4000 requests at least are counted, and
 * three quarters of a second at least. In milliseconds.
 */
export function span(workers: number, time: Duration): { from: number; ms: number } {
  const mean = meanOf(time);
  const from = Math.round(4000 + (800 * mean) / workers);
  return { from, ms: Math.round(from + Math.max(750, (4000 * mean) / workers)) };
}

function loadOf(load: number, workers: number, time: Duration): Cell["load"] {
  if (load <= WARM_LOAD || workers < 256) return load;
  const { from } = span(workers, time);
  return (now) => (now < from - FULL_MS ? WARM_LOAD : load);
}
