// What is not in the grid: changes, bursts, clients that ask again, priorities, callers, several sidecars.
import type { Cell } from "../../test/sim/crowd/crowd.ts";
import { timeOf } from "./grid.ts";
import type { Scene } from "./scene.ts";

const STEP_MS = 2000;
const COLD_MS = 3000;
const CRITICAL = 1;
const SHEDDABLE = 3;

/** Exponential times, first come first served. */
function usual(
  workers: number,
  seconds: number,
  rest: Omit<Cell, "workers" | "time" | "ms" | "from"> & { from?: number },
): Cell {
  const from = rest.from ?? 8000;
  return { time: timeOf("exponential", workers), ...rest, workers, from, ms: seconds * 1000 };
}

export function extras(): Scene[] {
  return [
    ...[16, 64, 256].flatMap(steps),
    ...[4, 16, 64].flatMap(crowds),
    ...[500, 2000].map(cold),
    ...[2, 3, 8].map(sidecars),
    ...[1.5, 5, 10].map(priorities),
    heavy(),
    endless(),
    lull(),
    ...[600, 3600].map((seconds) => spared(16, seconds)),
  ];
}

/** At twice its capacity all of a sudden everything takes four times as long, or half of the workers are gone. */
function steps(workers: number): Scene[] {
  const [from, to] = [12_000, 22_000];
  const step = (name: string, episode: { factor?: number; left?: number }): Scene => {
    const cell = usual(workers, 32, { load: 2, episodes: [{ from, to, ...episode }] });
    return { name: `${name} ${workers}`, cell, steps: [from, to], within: STEP_MS };
  };
  return [step("slow", { factor: 4 }), step("lost", { left: 0.5 })];
}

function crowds(workers: number): Scene[] {
  const bursts = (now: number): number => (now % 1000 < 300 ? 4 : 0.3);
  return [
    {
      name: `pauses ${workers}`,
      cell: usual(workers, 20, { load: 2, pauses: { every: 2000, ms: 100 } }),
    },
    { name: `bursts ${workers}`, cell: usual(workers, 20, { load: bursts }) },
    { name: `retries ${workers}`, cell: usual(workers, 20, { load: 2, retries: 3 }) },
  ];
}

function cold(workers: number): Scene {
  const cell = usual(workers, 6, { load: 2, from: 0 });
  return { name: `cold ${workers}`, cell, steps: [0], within: COLD_MS };
}

function sidecars(sidecars: number): Scene {
  return { name: `sidecars ${sidecars}`, cell: usual(64, 20, { load: 2, sidecars }) };
}

/** What is critical comes to half of the capacity, and the rest is sheddable. */
function priorities(load: number): Scene {
  const rank = (chance: number): number => (chance * load < 0.5 ? CRITICAL : SHEDDABLE);
  return {
    name: `priorities x${load}`,
    cell: usual(16, 30, { load, rank }),
    protects: (rank) => rank === CRITICAL,
    share: 0.999,
  };
}

/** One asks for ten times the capacity, ten others for 0.4 of it together. */
function heavy(): Scene {
  const [one, others] = [10, 0.4];
  const caller = (chance: number): number => {
    const place = chance * (one + others);
    return place < one
      ? 0
      : Math.imul(1 + Math.floor(((place - one) / others) * 10), 0x9e3779b1) >>> 0;
  };
  return {
    name: "one caller x10",
    cell: usual(16, 20, { load: one + others, caller, fair: true }),
    protects: (_rank, caller) => caller !== 0,
  };
}

function endless(): Scene {
  const cell = usual(100, 30, { load: 1, discipline: "endless", from: 5000 });
  return { name: "endless", cell, spares: true };
}

function lull(): Scene {
  const [from, to] = [10_000, 25_000];
  const load = (now: number): number => (now >= from && now < to ? 0.1 : 2);
  return { name: "lull", cell: usual(64, 35, { load }), steps: [to], within: STEP_MS };
}

/** At 80 % of what it can do. */
function spared(workers: number, seconds: number): Scene {
  return {
    name: `80 % for ${seconds} s`,
    cell: usual(workers, seconds, { load: 0.8 }),
    spares: true,
  };
}
