// Open-loop load: requests leave when they are due, whether or not earlier ones were answered, as
// the users of a service do. A closed loop would wait with the service and hide that it is slow.
import { Pool } from "undici";
import type { Clock, Random } from "../../core/clock.ts";
import type { Shot } from "./tally.ts";

export interface Load {
  /** Who is asked: each of them in its turn. */
  readonly origins: readonly string[];
  readonly path: string;
  readonly perSecond: number;
  readonly seconds: number;
  readonly headers?: Readonly<Record<string, string>>;
  /** A request without an answer so long after it was due is given up, and its connection closed. */
  readonly patienceMs?: number;
}

export interface World {
  readonly clock: Clock;
  readonly random: Random;
}

/** More than this at once wait for a connection; the wait counts as latency. */
const CONNECTIONS = 512;
/** A request without an answer after this long has failed. */
const PATIENCE_MS = 5000;

/** Why there is no answer to a request whose client has waited long enough. */
const GAVE_UP = "gave up";

/** Runs a load to its end: resolves, never rejects, with one shot for each request that was due. */
export async function openLoad(load: Load, world: World): Promise<Shot[]> {
  const pools = load.origins.map((origin) => new Pool(origin, POOL));
  const begin = world.clock.now();
  const due = arrivals(load, world.random).map((offsetMs) => begin + offsetMs);
  const shots = await fireAll(due, world.clock, (at, number) => {
    const pool = pools[number % pools.length];
    if (pool === undefined) throw new Error("demo: a load needs somebody who is asked");
    return shoot(pool, load, at, world.clock);
  });
  await Promise.all(pools.map((pool) => pool.destroy()));
  return shots;
}

const POOL: Pool.Options = {
  connections: CONNECTIONS,
  pipelining: 1,
  headersTimeout: PATIENCE_MS,
  bodyTimeout: PATIENCE_MS,
  connect: { timeout: PATIENCE_MS },
};

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
  fire: (at: number, number: number) => Promise<Shot>,
): Promise<Shot[]> {
  return new Promise((resolve) => {
    const flying: Promise<Shot>[] = [];
    const timer = setInterval(() => {
      for (let at = due[flying.length]; at !== undefined && at <= clock.now(); ) {
        flying.push(fire(at, flying.length));
        at = due[flying.length];
      }
      if (flying.length < due.length) return;
      clearInterval(timer);
      resolve(Promise.all(flying));
    }, 1);
  });
}

async function shoot(pool: Pool, load: Load, at: number, clock: Clock): Promise<Shot> {
  const { path, headers: own = {}, patienceMs } = load;
  const left =
    patienceMs === undefined ? undefined : Math.max(0, Math.ceil(at + patienceMs - clock.now()));
  const signal = left === undefined ? null : AbortSignal.timeout(left);
  const ended = (status: number, reason?: string, tier?: string): Shot => ({
    at,
    latencyMs: clock.now() - at,
    status,
    reason,
    tier,
  });
  try {
    const { statusCode, headers, body } = await pool.request({
      ...{ method: "GET", path, headers: own, signal },
    });
    await body.dump({ limit: 1024 * 1024 });
    const [reason, tier] = ["x-tidegate-reason", "x-tidegate-tier"].map((name) => headers[name]);
    return ended(statusCode, reason?.toString(), tier?.toString());
  } catch (error) {
    return ended(0, signal?.aborted === true ? GAVE_UP : `no answer (${codeOf(error)})`);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof Error && "code" in error) return String(error.code);
  return String(error);
}
