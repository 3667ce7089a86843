// Does a storm of deadlines cut connections, and how soon is it over when the service is well again? Load, sidecar and
// service are processes of their own, and calls come on a schedule.

import { StageStorm } from "../test/e2e/stagestorm.ts";
import { describe, machine } from "./harness/machine.ts";
import { type Blown, OpenStorm } from "./harness/openstorm.ts";
import type { Options } from "./harness/options.ts";
import { writeResult } from "./harness/record.ts";
import { table } from "./harness/table.ts";

const PER_SECOND = 1000;
const SECONDS = 30;
const CHECKED_SECONDS = 3;
const DEADLINE_MS = 50;
const WELL_MS = 3000;
/** Promised: so soon after the service is well, at least this share is answered. */
const RECOVERY_MS = 1000;
const RECOVERED = 0.99;

/** 1 when a connection was cut, or recovery took its time. */
export async function run({ check, seconds = check ? CHECKED_SECONDS : SECONDS }: Options) {
  console.log(describe(await machine()));
  const trusted = {
    trust: ["127.0.0.0/8"],
    http2: {},
    cluster: { protocol: "http2", breaker: {} },
  };
  const world = await StageStorm.start(trusted);
  const [control] = world.clients;
  const storm = new OpenStorm(world.daemon.inbound, 1, DEADLINE_MS);
  try {
    const calm = await storm.blow(PER_SECOND, WELL_MS);
    await control?.stick(true);
    const blown = await storm.blow(PER_SECOND, seconds * 1000);
    await control?.stick(false);
    const well = await storm.blow(PER_SECOND, WELL_MS);
    const floods = await world.daemon.metric("downstream_floods_total");
    const reset = await world.daemon.metric("attempts_total", 'outcome="reset"');
    console.log(report({ calm, blown, well }));
    const late = well.filter(({ dueMs }) => dueMs >= RECOVERY_MS);
    const answered = late.filter(isAnswered).length / late.length;
    const soon = well.filter(({ dueMs }) => dueMs < RECOVERY_MS).filter(isAnswered).length;
    console.log(`the latest call was ${storm.late.toFixed(0)} ms late`);
    console.log(`tries that the service broke off: ${reset}`);
    console.log(
      `answered in the first second after it: ${soon} of ${PER_SECOND}; then ${answered}`,
    );
    console.log(`connections cut: ${storm.cut.join(", ") || "none"}; floods: ${floods}`);
    const result = { calm: ends(calm), blown: ends(blown), well: ends(well), floods, reset, soon };
    console.log(`\nwritten to ${writeResult("brownout", { ...result, cut: storm.cut })}`);
    return storm.cut.length === 0 && floods === 0 && answered >= RECOVERED ? 0 : 1;
  } finally {
    storm.close();
    await world.stop();
  }
}

function isAnswered({ end }: Blown): boolean {
  return end === "0";
}

function ends(calls: readonly Blown[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const { end } of calls) counts[end] = (counts[end] ?? 0) + 1;
  return counts;
}

function report(parts: Readonly<Record<string, readonly Blown[]>>): string {
  const rows = Object.entries(parts).map(([name, calls]) => {
    const told = Object.entries(ends(calls)).map(([end, count]) => `${end}: ${count}`);
    return [name, String(calls.length), told.join(", ")];
  });
  return table(["", "calls", "how they ended"], rows);
}
