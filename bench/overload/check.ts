// Every contender, a moment of half the load and a moment of twice the capacity: is what comes back right? It says
// nothing about speed, and does not mind a late generator.
import type { Contender } from "../harness/contender.ts";
import { overload } from "./run.ts";
import { SCENARIOS, type Scenario } from "./scenarios.ts";
import type { Tally } from "./tally.ts";

const WARM = { name: undefined, seconds: 0.5, pace: 1 } as const;

/** Prints a line for each; 1 when any failed, or there was none. */
export async function checkOverload(contenders: readonly Contender[]): Promise<number> {
  let failed = 0;
  for (const contender of contenders) {
    for (const scenario of brief()) {
      const fault = await faultOf(contender, scenario);
      if (fault !== undefined) failed++;
      const told = fault === undefined ? "ok" : "FAILED";
      console.log(
        `${told} ${contender.name} ${scenario.name}${fault === undefined ? "" : `: ${fault}`}`,
      );
    }
  }
  return failed > 0 || contenders.length === 0 ? 1 : 0;
}

/** Of a service that can do 160 requests a second: the machine may be busy with other things. */
function brief(): Scenario[] {
  const work = [{ ms: 100, share: 1 }];
  const phases = [WARM, { name: "steady", seconds: 1.5, pace: 1 }];
  return SCENARIOS.filter(({ name }) => name === "0.5x" || name === "2x").map((scenario) => ({
    ...{ ...scenario, work, phases },
    patienceMs: 10 * scenario.patienceMs,
  }));
}

async function faultOf(contender: Contender, scenario: Scenario): Promise<string | undefined> {
  try {
    const [tally] = await overload(contender, scenario, { seconds: 1.5, seed: 1 });
    return tally === undefined ? "nothing was measured" : wrongIn(tally);
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/** Nothing may break, and something must be answered; refusals have a reason, or at least a status. */
function wrongIn({ asked, goodput, failures }: Tally): string | undefined {
  const broken = Object.keys(failures).filter((why) => why.startsWith("broken"));
  if (broken.length > 0) return broken.join(", ");
  return asked > 0 && goodput > 0 ? undefined : `${asked} were asked, goodput ${goodput}`;
}
