// Ten times what a service can do: the last scene, without the sidecar and with it.
import { openLoad } from "./load.ts";
import type { Capacity } from "./service.ts";
import type { Pledge, Stage } from "./stage.ts";
import { isGood, percentile, type Shot, tallyRow } from "./tally.ts";

/** A small service, so that ten times what it can do is no work for the machine: 40 requests/s. */
export const BUSY: Capacity = { workers: 8, serviceMs: 200 };
const ABLE_PER_SECOND = (BUSY.workers * 1000) / BUSY.serviceMs;

/** What comes of each class, in parts of what the service can do. */
const LOADS = { SHEDDABLE: 10, CRITICAL: 0.5 } as const;
/** A client gives up after so long. */
const PATIENCE_MS = 3000;
/** What happens at first is not judged: queues fill, and the sidecar finds out how much it may let through. */
const LEAD_SECONDS = 1;

/** What became of the requests of each class. */
export interface Flood {
  readonly seconds: number;
  readonly shots: Readonly<Record<keyof typeof LOADS, readonly Shot[]>>;
  /** Those that were due after the lead. */
  readonly judged: Readonly<Record<keyof typeof LOADS, readonly Shot[]>>;
}

/** Floods the busy service with clients that ask `origin`, and starts it anew after that. */
export async function flood(stage: Stage, origin: string): Promise<Flood> {
  const { world, say, cast } = stage;
  say("  ten times what a service can do\n");
  const seconds = LEAD_SECONDS + Math.max(2, stage.seconds);
  const from = world.clock.now() + LEAD_SECONDS * 1000;
  const [sheddable, critical] = await Promise.all(
    (["SHEDDABLE", "CRITICAL"] as const).map((criticality) => {
      const perSecond = LOADS[criticality] * ABLE_PER_SECOND;
      const headers = { "x-criticality": criticality };
      const load = { origins: [origin], path: "/busy/", perSecond, seconds, headers };
      return openLoad({ ...load, patienceMs: PATIENCE_MS }, world);
    }),
  );
  // Or it would work on for callers who have gone.
  await cast.busy.kill();
  await cast.busy.start();
  const shots = { SHEDDABLE: sheddable ?? [], CRITICAL: critical ?? [] };
  const late = (all: readonly Shot[]): readonly Shot[] => all.filter(({ at }) => at >= from);
  const judged = { SHEDDABLE: late(shots.SHEDDABLE), CRITICAL: late(shots.CRITICAL) };
  return { seconds, shots, judged };
}

/** Rows of both classes, without and with the sidecar. */
export function floodRows(without: Flood, through: Flood): string[][] {
  return (["SHEDDABLE", "CRITICAL"] as const).flatMap((name) => {
    const title = `${LOADS[name]}x its capacity, ${name}: without`;
    return [
      tallyRow(title, without.shots[name], without.seconds),
      tallyRow("with Tidegate".padStart(title.length + 6), through.shots[name], through.seconds),
    ];
  });
}

/** What was promised of it: as ratios of the two, since a slow machine slows them both. */
export function floodPledges(without: Flood, through: Flood): Pledge[] {
  const [before, after] = [all(without.judged), all(through.judged)];
  const [good, more] = [before.filter(isGood).length, after.filter(isGood).length];
  const [p99, lower] = [p99Of(all(without.shots)), p99Of(all(through.shots))];
  const critical = share(through.judged.CRITICAL);
  const left = after.filter((shot) => !isGood(shot));
  const told = left.filter(({ reason, status }) => status > 0 && reason !== undefined).length;
  return [
    {
      what: `10x overload: ${more} were answered in time, and without Tidegate ${good}: at least four times as many`,
      held: more > 0 && more >= 4 * good,
    },
    {
      what: `10x overload: p99 of what was answered ${lower.toFixed(0)} ms, and without Tidegate ${p99.toFixed(0)} ms: at most half`,
      held: lower <= p99 / 2,
    },
    {
      what: `10x overload: ${percent(critical)} of CRITICAL requests answered, and without Tidegate ${percent(share(without.judged.CRITICAL))}: at least 95 %`,
      held: critical >= 0.95,
    },
    {
      what: `10x overload: ${percent(told / left.length)} of the others refused with a reason, and not left waiting until they give up: at least 99 %`,
      held: told >= 0.99 * left.length,
    },
  ];
}

function all({ SHEDDABLE, CRITICAL }: Flood["shots"]): readonly Shot[] {
  return [...SHEDDABLE, ...CRITICAL];
}

function share(shots: readonly Shot[]): number {
  return shots.filter(isGood).length / shots.length;
}

function p99Of(shots: readonly Shot[]): number {
  const latencies = shots.filter(isGood).map(({ latencyMs }) => latencyMs);
  return percentile(
    latencies.toSorted((a, b) => a - b),
    0.99,
  );
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)} %`;
}
