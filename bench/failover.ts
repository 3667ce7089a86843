// What fails, and what changes, when instances die, freeze, answer nothing but errors, and flap?
import { setTimeout as delay } from "node:timers/promises";
import { openLoad } from "../src/cli/demo/load.ts";
import { isBacked, isGood, type Shot } from "../src/cli/demo/tally.ts";
import type { Change } from "../src/control/changes.ts";
import { systemClock, systemRandom } from "../src/core/clock.ts";
import { Daemon } from "../test/support/daemon.ts";
import { Service } from "../test/support/service.ts";
import { settings } from "../test/support/settings.ts";
import type { Options } from "./harness/options.ts";

const WORLD = { clock: systemClock, random: systemRandom };
type Wanted = NonNullable<Parameters<typeof settings>[1]>;
/** The defaults, which the settings for tests turn off. */
const DEFAULTS = { healthCheck: { tcp: {} }, breaker: {} };

/** Prints the figures; 1 when one is worse than was promised. */
export async function run({ scenarios }: Options): Promise<number> {
  const all = { killed, frozen, storm, flapping };
  const wanted = scenarios?.split(",") ?? Object.keys(all);
  const unknown = wanted.filter((name) => !Object.hasOwn(all, name));
  if (unknown.length > 0) {
    throw new Error(
      `bench: no scenario ${unknown.join(", ")}; there are ${Object.keys(all).join(", ")}`,
    );
  }
  const held: boolean[] = [];
  for (const [name, ask] of Object.entries(all)) {
    if (wanted.includes(name)) held.push(await ask());
  }
  return held.every(Boolean) ? 0 : 1;
}

/** Two primaries die one after the other, and both return. */
async function killed(): Promise<boolean> {
  return withThree({}, async (daemon, first, second) => {
    const load = fire(daemon, 600, 40);
    await delay(3000);
    await first.kill();
    await delay(3000);
    await second.kill();
    await delay(4000);
    const returned = systemClock.now();
    await Promise.all([first.restart(), second.restart()]);
    const shots = await load;
    const last = Math.max(...shots.filter(isBacked).map(({ at }) => at)) - returned;
    const idle = `the backup is idle ${(last / 1000).toFixed(1)} s after both are back`;
    console.log(`killed: ${told(shots)}; ${idle} (1 s of probes, 3 s of hold, 10 s of ramp)`);
    return shots.every(isGood);
  });
}

/** One of two primaries is stopped for eight seconds. */
async function frozen(): Promise<boolean> {
  return withThree({ timeout: "1s" }, async (daemon, first) => {
    const load = fire(daemon, 600, 16);
    await delay(3000);
    first.freeze();
    await delay(8000);
    first.thaw();
    const shots = await load;
    console.log(`frozen for 8 s, timeout 1 s: ${told(shots)}`);
    return shots.filter((shot) => !isGood(shot)).length <= shots.length / 100;
  });
}

const STORM = 1000;

/** Every answer is 503, for half a minute: how many tries does the service get for each request? */
async function storm(): Promise<boolean> {
  const service = await Service.start("a");
  const chain: Daemon[] = [];
  const shares: number[] = [];
  try {
    await service.answer(503);
    const wanted: Wanted = { retry: { statuses: [503] }, cluster: DEFAULTS };
    chain.push(await Daemon.start(settings(service.address, wanted)));
    for (const hops of [1, 3]) {
      for (
        let last = chain.at(-1);
        last !== undefined && chain.length < hops;
        last = chain.at(-1)
      ) {
        chain.push(await Daemon.start(settings(last.inbound, wanted)));
      }
      const [nearest, outermost] = [chain[0], chain.at(-1)];
      if (nearest === undefined || outermost === undefined) return false;
      const before = await nearest.metric("attempts_total");
      const shots = await fire(outermost, STORM, 30);
      const tries = ((await nearest.metric("attempts_total")) - before) / shots.length;
      shares.push(tries);
      console.log(
        `503 for 30 s, ${hops} in a row: ${told(shots)}; ${tries.toFixed(3)} tries for each`,
      );
    }
  } finally {
    await Promise.all([service.kill(), ...chain.map((each) => each.kill())]);
  }
  const [one = 0, three = 0] = shares;
  return one <= 1.2 + 10 / STORM && three <= 1.73;
}

/** One of two primaries is up for a second and down for a second, for a minute. */
async function flapping(): Promise<boolean> {
  return withThree({}, async (daemon, first) => {
    const load = fire(daemon, 200, 62);
    for (let flap = 0; flap < 30; flap++) {
      await delay(1000);
      await first.kill();
      await delay(900);
      await first.restart();
    }
    const shots = await load;
    const response = await fetch(`http://${daemon.admin.text}/events`);
    const events: readonly Change[] = JSON.parse(await response.text());
    // The first verdict after the start is no change.
    const its = events.filter(
      ({ endpoint, reason }) =>
        endpoint === first.address.text && !reason.startsWith("first_probe"),
    );
    const of = (subject: string): number => its.filter((each) => each.subject === subject).length;
    const steps = `its health changed ${of("health")} times, its breaker ${of("breaker")} times`;
    const most = mostWithinMinute(its.map(({ time }) => Date.parse(time)));
    console.log(`flapping for 60 s: ${told(shots)}; ${steps}, ${most} times within one minute`);
    return shots.every(isGood) && most <= 6;
  });
}

/** The most of these times, ascending and in milliseconds, that lie within one minute, whenever it begins. */
function mostWithinMinute(times: readonly number[]): number {
  const within = (begin: number): number =>
    times.filter((time) => time >= begin && time < begin + 60_000).length;
  return Math.max(0, ...times.map(within));
}

async function withThree(
  wanted: Wanted,
  ask: (daemon: Daemon, first: Service, second: Service) => Promise<boolean>,
): Promise<boolean> {
  const services = await Promise.all(["a", "b", "c"].map((name) => Service.start(name)));
  const [first, second, backup] = services;
  if (first === undefined || second === undefined || backup === undefined) return false;
  const endpoints = [first.address.text, second.address.text];
  const cluster = { ...DEFAULTS, endpoints, backups: [backup.address.text] };
  const daemon = await Daemon.start(settings(first.address, { ...wanted, cluster }));
  try {
    return await ask(daemon, first, second);
  } finally {
    await Promise.all([daemon.kill(), ...services.map((each) => each.kill())]);
  }
}

function fire(daemon: Daemon, perSecond: number, seconds: number): Promise<readonly Shot[]> {
  return openLoad({ origins: [daemon.url], path: "/", perSecond, seconds }, WORLD);
}

function told(shots: readonly Shot[]): string {
  const failed = shots.filter((shot) => !isGood(shot));
  const why = Map.groupBy(failed, ({ status, reason }) => reason ?? `${status}`);
  const share = ((100 * failed.length) / shots.length).toFixed(2);
  const whys = Array.from(why, ([name, { length }]) => `${length} ${name}`).join(", ");
  return `${failed.length} of ${shots.length} failed (${share} %${whys && `: ${whys}`})`;
}
