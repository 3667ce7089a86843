// The acts of the demo. Each says what it saw and returns what was promised, and whether it held.
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import type { Sidecar } from "../../sidecar.ts";
import { table } from "../table.ts";
import { floodPledges, floodRows } from "./flood.ts";
import { openLoad } from "./load.ts";
import { ODDITIES, type Reply, sendRaw } from "./refusals.ts";
import { isWell, PATH, type Play, type Scene } from "./scenes.ts";
import { DRAIN_DELAY_MS, type Pledge, portOf, type Stage, urlOf } from "./stage.ts";
import { isBacked, isGood, TALLY_HEAD, tallyRow } from "./tally.ts";

/** The same scenes without and with the sidecar, beside one another. */
export function compare({ say }: Stage, without: Play, through: Play): Pledge[] {
  const pairs = SCENES.map((scene) => [without[scene], through[scene]] as const);
  const rows = pairs.flatMap(([before, after]) => [
    tallyRow(`${before.name}: without`, before.shots, before.seconds),
    tallyRow("with Tidegate".padStart(before.name.length + 15), after.shots, after.seconds),
  ]);
  rows.push(...floodRows(without.flood, through.flood));
  say(`\n${table(TALLY_HEAD, rows)}\n`);
  const failed = ({ shots }: Scene): boolean => !shots.every(isGood);
  return [
    { what: "calm: no request failed", held: !failed(through.calm) },
    {
      what: "one primary killed: no request failed, and without Tidegate some did",
      held: !failed(through.killed) && failed(without.killed),
    },
    {
      what: "both primaries sick: the backup answered every request, and without Tidegate nobody did",
      held:
        !failed(through.sick) &&
        through.sickShots.every(isBacked) &&
        !without.sickShots.some(isGood),
    },
    {
      what: "recovery: no request failed, and in the end the primaries answered them all",
      held: !failed(through.recovery) && through.recovered.every(isWell),
    },
    ...floodPledges(without.flood, through.flood),
  ];
}

const SCENES = ["calm", "killed", "sick", "recovery"] as const;

/** Requests that the service must not see. */
export async function oddities({ say }: Stage, sidecar: Sidecar): Promise<Pledge[]> {
  say("Act 3. Requests that are refused, each with its reason in x-tidegate-reason.\n\n");
  const port = portOf(sidecar, "inbound");
  const replies: Reply[] = [];
  for (const { bytes } of ODDITIES) replies.push(await sendRaw(port, bytes));
  const rows = ODDITIES.map(({ what }, at) => [
    what,
    `${replies[at]?.status}`,
    replies[at]?.reason ?? "unexplained",
  ]);
  say(`${table(["sent", "status", "reason"], rows)}\n`);
  const right = ODDITIES.every(
    ({ status, reason }, at) => replies[at]?.status === status && replies[at]?.reason === reason,
  );
  return [{ what: "refusals: each had its status and its reason", held: right }];
}

/** The sidecar is told to stop under load. */
export async function drain({ world, say }: Stage, sidecar: Sidecar): Promise<Pledge[]> {
  say("Act 4. The sidecar is told to stop while requests come in.\n\n");
  const seconds = (DRAIN_DELAY_MS * 0.9) / 1000;
  const origins = [urlOf(sidecar, "inbound", "")];
  // Ready is what it must have been, or being unready would prove nothing.
  const before = await statusOf(urlOf(sidecar, "health", "/readyz"));
  const slowMs = DRAIN_DELAY_MS * 1.5;
  const quick = openLoad({ origins, path: PATH, perSecond: 300, seconds }, world);
  const slow = openLoad(
    { origins, path: `${PATH}?ms=${slowMs}`, perSecond: 40, seconds: seconds / 4 },
    world,
  );
  await sleep((seconds * 1000) / 3);
  const stopped = sidecar.drain();
  const during = await statusOf(urlOf(sidecar, "health", "/readyz"));
  const shots = [await quick, await slow];
  await stopped;
  const after = await sendRaw(portOf(sidecar, "inbound"), ODDITIES[0]?.bytes ?? "");
  const rows = shots.map((each, at) => {
    return at === 0
      ? tallyRow("quick ones", each, seconds)
      : tallyRow("slow ones", each, seconds / 4);
  });
  say(`${table(TALLY_HEAD, rows)}\n`);
  say(`/readyz said ${before}, then ${during}; nobody listens any more.\n\n`);
  return [
    { what: "drain: no accepted request was lost", held: shots.flat().every(isGood) },
    {
      what: "drain: unready at once, and gone at the end",
      held: before === 200 && during === 503 && after.status === 0,
    },
  ];
}

async function statusOf(url: string): Promise<number> {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode;
}
