// Open-loop load: requests leave when they are due, whether or not earlier ones were answered, as
// the users of a service do. A closed loop would wait with the service and hide that it is slow.
import { Pool } from "undici";
import type { Clock, Random } from "../../core/clock.ts";
import type { Shot } from "./tally.ts";

export interface Load {
  readonly origin: string;
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
}

export interface World {
  readonly clock: Clock;
  readonly random: Random;
}

/** More than this at once wait for a connection; the wait counts as latency. */
const CONNECTIONS = 512;
/** A request without an answer after this long has failed. */
const PATIENCE_MS = 5000;

/** Runs a load to its end: resolves, never rejects, with one shot for each request that was due. */
export async function openLoad(load: Load, world: World): Promise<Shot[]> {
  const pool = new Pool(load.origin, {
    connections: CONNECTIONS,
    pipelining: 1,
    headersTimeout: PATIENCE_MS,
    bodyTimeout: PATIENCE_MS,
    connect: { timeout: PATIENCE_MS },
  });
  const begin = world.clock.now();
  const due = arrivals(load, world.random).map((offsetMs) => begin + offsetMs);
  const shots = await fireAll(due, world.clock, (at) => shoot(pool, load.path, at, world.clock));
  await pool.destroy();
  return shots;
}

/** Poisson arrivals: the milliseconds, ascending, at which requests are due. */
export function arrivals({ perSecond, seconds }: Load, random: Random): number[] {
  const offsets: number[] = [];
  // The gap to the next arrival is exponential: minus the logarithm of chance, by the mean.
  const gap = () => (-Math.log(1 - random.next()) * 1000) / perSecond;
  for (let at = gap(); at < seconds * 1000; at += gap()) offsets.push(at);
  return offsets;
}

function fireAll(
  due: readonly number[],
  clock: Clock,
  fire: (at: number) => Promise<Shot>,
): Promise<Shot[]> {
  return new Promise((resolve) => {
    const flying: Promise<Shot>[] = [];
    const timer = setInterval(() => {
      for (let at = due[flying.length]; at !== undefined && at <= clock.now(); ) {
        flying.push(fire(at));
        at = due[flying.length];
      }
      if (flying.length < due.length) return;
      clearInterval(timer);
      resolve(Promise.all(flying));
    }, 1);
  });
}

async function shoot(pool: Pool, path: string, at: number, clock: Clock): Promise<Shot> {
  const ended = (status: number, reason: string | undefined): Shot => ({
    at,
    latencyMs: clock.now() - at,
    status,
    reason,
  });
  try {
    const { statusCode, headers, body } = await pool.request({ method: "GET", path });
    await body.dump({ limit: 1024 * 1024 });
    const reason = headers["x-tidegate-reason"];
    return ended(statusCode, Array.isArray(reason) ? reason.join(", ") : reason);
  } catch (error) {
    return ended(0, `no answer (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return String(error);
}
