// Measures contenders in turn, A B B A: what slows the machine for a while slows them alike, and none comes
// always after the same other one.
import type { Contender } from "./contender.ts";
import type { Running } from "./launch.ts";
import { startOrigin } from "./origin.ts";
import { probe } from "./probe.ts";
import type { Scenario } from "./scenarios.ts";
import { type Usage, usageOf } from "./usage.ts";
import { errorsOf, type Load, load } from "./wrk.ts";

/** One run of load against one contender. */
export interface Round {
  readonly load: Load;
  readonly errors: number;
  /** Used by the contender's processes while the load ran. */
  readonly userMicros: number;
  readonly systemMicros: number;
  /** When the load ended; the peak is since the process began, in this scenario. */
  readonly rssBytes: number;
  readonly peakBytes: number;
}

/** All rounds of one contender in one scenario. */
export interface Cell {
  readonly contender: string;
  readonly scenario: Scenario;
  readonly rounds: Round[];
  /** Why there are no rounds: it did not start, or its answer was wrong. */
  readonly fault: string | undefined;
}

export interface Plan {
  readonly contenders: readonly Contender[];
  readonly scenarios: readonly Scenario[];
  readonly rounds: number;
  readonly seconds: number;
  /** Very short, and about correctness rather than speed. */
  readonly check: boolean;
}

/**
 * Seconds of load before a contender is measured. The compilers of Node's proxies take 6 to 7 % of the CPU of
 * their first ten seconds; a service runs for days.
 */
export function warmUpSeconds(check: boolean): number {
  return check ? 1 : 12;
}

/** Measures every contender in every scenario, each in a fresh process per scenario. */
export async function measure(plan: Plan): Promise<Cell[]> {
  const origin = await startOrigin();
  const cells: Cell[] = [];
  try {
    for (const scenario of plan.scenarios)
      cells.push(...(await measureOne(plan, scenario, origin)));
  } finally {
    await origin.stop();
  }
  return cells;
}

/** A contender in one scenario; what fails takes its cell out, and leaves the others in. */
interface Lane {
  readonly running: Running | undefined;
  cell: Cell;
}

async function measureOne(plan: Plan, scenario: Scenario, origin: Running): Promise<Cell[]> {
  const lanes: Lane[] = [];
  try {
    for (const contender of plan.contenders) {
      const { running, fault } = await begin(contender, scenario, [
        origin,
        warmUpSeconds(plan.check),
      ]);
      const lane = { running, cell: { contender: contender.name, scenario, rounds: [], fault } };
      lanes.push(lane);
      if (fault !== undefined) takeOut(lane, fault);
    }
    for (let round = 1; round <= plan.rounds; round++) {
      console.error(`bench: ${scenario.name}, round ${round} of ${plan.rounds}`);
      const order = round % 2 === 1 ? lanes : lanes.toReversed();
      for (const lane of order) await addRound(lane, scenario, plan.seconds);
    }
  } finally {
    await Promise.all(lanes.map(({ running }) => running?.stop()));
  }
  return lanes.map(({ cell }) => cell);
}

async function addRound(lane: Lane, scenario: Scenario, seconds: number): Promise<void> {
  const { running, cell } = lane;
  if (running === undefined || cell.fault !== undefined) return;
  try {
    cell.rounds.push(await measureRound(running, scenario, seconds));
  } catch (error) {
    takeOut(lane, error instanceof Error ? error.message : String(error));
  }
}

function takeOut(lane: Lane, fault: string): void {
  const { contender, scenario } = lane.cell;
  lane.cell = { contender, scenario, rounds: [], fault };
  console.error(`bench: ${contender} ${scenario.name}: ${fault}`);
}

// Started, seen to answer rightly, and warm: its connections made, its code compiled.
async function begin(
  contender: Contender,
  scenario: Scenario,
  [origin, warmUp]: readonly [Running, number],
): Promise<{ running: Running | undefined; fault: string | undefined }> {
  try {
    const running = await contender.start(origin);
    const fault = await probe(running.port, scenario);
    if (fault === undefined) await load(running.port, scenario, warmUp);
    return { running, fault };
  } catch (error) {
    return { running: undefined, fault: error instanceof Error ? error.message : String(error) };
  }
}

/** Loads `running` for `seconds` and tells what that took. */
export async function measureRound(
  running: Running,
  scenario: Scenario,
  seconds: number,
): Promise<Round> {
  const before = usageOf(running.pids);
  const result = await load(running.port, scenario, seconds);
  return round(result, scenario, [before, usageOf(running.pids)]);
}

function round(result: Load, scenario: Scenario, usage: readonly [Usage, Usage]): Round {
  const [before, after] = usage;
  return {
    load: result,
    errors: errorsOf(result, scenario),
    userMicros: after.userMicros - before.userMicros,
    systemMicros: after.systemMicros - before.systemMicros,
    rssBytes: after.rssBytes,
    peakBytes: after.peakBytes,
  };
}
