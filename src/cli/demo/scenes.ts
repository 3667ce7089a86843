// What happens to the service, played twice: its clients ask the primaries themselves, or the sidecar.
import { setTimeout as sleep } from "node:timers/promises";
import { type Flood, flood } from "./flood.ts";
import { openLoad } from "./load.ts";
import type { Stage } from "./stage.ts";
import { isBacked, isGood, type Shot } from "./tally.ts";

/** One scene: what became of every request of it. */
export interface Scene {
  readonly name: string;
  readonly shots: readonly Shot[];
  readonly seconds: number;
}

/** How it went, from calm to the flood. */
export interface Play {
  readonly calm: Scene;
  readonly killed: Scene;
  readonly sick: Scene;
  /** The requests that were due when both primaries were sick. */
  readonly sickShots: readonly Shot[];
  readonly recovery: Scene;
  /** The last part of the recovery. */
  readonly recovered: readonly Shot[];
  readonly flood: Flood;
}

const PER_SECOND = 300;
export const PATH = "/api/hello";
/** A recovery that takes longer is none. */
const RECOVERY_SECONDS = 25;

/** Who is asked: the instances themselves, or the sidecar for all of them. */
interface Asked {
  /** Each in its turn. */
  readonly origins: readonly string[];
  readonly busy: string;
}

/** Plays all scenes. The primaries are well before and after. */
export async function play(stage: Stage, { origins, busy }: Asked): Promise<Play> {
  const { seconds, world, say } = stage;
  const [first, second] = stage.cast.primaries;
  const load = () => openLoad({ origins, path: PATH, perSecond: PER_SECOND, seconds }, world);
  const scene = async (name: string, fault?: () => Promise<void>): Promise<Scene> => {
    say(`  ${name}\n`);
    const running = load();
    await sleep((seconds * 1000) / 3);
    await fault?.();
    return { name, shots: await running, seconds };
  };
  const calm = await scene("calm");
  const killed = await scene("one primary is killed", () => first.kill());
  let sickAt = 0;
  const sick = await scene("the other one is sick, too", async () => {
    await second.become("sick");
    sickAt = world.clock.now();
  });
  await Promise.all([first.start(), second.become("well")]);
  const { recovery, recovered } = await recover(stage, load);
  const flooded = await flood(stage, busy);
  return {
    ...{ calm, killed, sick, recovery, recovered, flood: flooded },
    sickShots: sick.shots.filter(({ at }) => at > sickAt),
  };
}

/** Load until the backup is idle again. */
async function recover(
  { seconds, say }: Stage,
  load: () => Promise<Shot[]>,
): Promise<Pick<Play, "recovery" | "recovered">> {
  const name = "both are well again";
  say(`  ${name}\n`);
  const shots: Shot[] = [];
  let recovered: readonly Shot[];
  let looks = 0;
  do {
    recovered = await load();
    shots.push(...recovered);
    looks++;
  } while (!recovered.every(isWell) && looks * seconds < RECOVERY_SECONDS);
  return { recovery: { name, shots, seconds: looks * seconds }, recovered };
}

/** Answered by a primary. */
export function isWell(shot: Shot): boolean {
  return isGood(shot) && !isBacked(shot);
}
