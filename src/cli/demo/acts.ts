// The acts of the demo. Each says what it saw and returns what was promised, and whether it held.
import { setTimeout as sleep } from "node:timers/promises";
import { request } from "undici";
import { REFUSALS } from "../../core/refusal.ts";
import { table } from "../table.ts";
import { openLoad } from "./load.ts";
import { ODDITIES, type Reply, sendRaw } from "./refusals.ts";
import { DRAIN_DELAY_MS, portOf, type Stage, serviceUrl, urlOf } from "./stage.ts";
import { isGood, type Shot, TALLY_HEAD, tally, tallyRow } from "./tally.ts";

export interface Pledge {
  readonly what: string;
  readonly held: boolean;
}

const PER_SECOND = 300;
const PATH = "/api/hello";

/** Load that the service can bear, without and with the sidecar. */
export async function calm(stage: Stage): Promise<Pledge[]> {
  stage.say(`Act 1. Calm: ${PER_SECOND} requests/s, a tenth of what the service can do.\n\n`);
  const direct = await load(stage, serviceUrl(stage.service));
  const through = await load(stage, urlOf(stage.sidecar, "inbound"));
  compare(stage, direct, through);
  return [{ what: "calm: no request through Tidegate failed", held: through.every(isGood) }];
}

/** Requests that the service must not see. */
export async function oddities(stage: Stage): Promise<Pledge[]> {
  stage.say("Act 2. Requests that are refused, each with its reason in x-tidegate-reason.\n\n");
  const port = portOf(stage.sidecar, "inbound");
  const replies: Reply[] = [];
  for (const { bytes } of ODDITIES) replies.push(await sendRaw(port, bytes));
  const rows = ODDITIES.map(({ what }, at) => [
    what,
    `${replies[at]?.status}`,
    replies[at]?.reason ?? "unexplained",
  ]);
  stage.say(`${table(["sent", "status", "reason"], rows)}\n`);
  const right = ODDITIES.every(
    ({ status, reason }, at) => replies[at]?.status === status && replies[at]?.reason === reason,
  );
  return [{ what: "refusals: each had its status and its reason", held: right }];
}

/** The service is killed under load and comes back, without and with the sidecar. */
export async function outage(stage: Stage): Promise<Pledge[]> {
  stage.say("Act 3. The service is killed under load, and is back a while later.\n\n");
  const direct = await killed(stage, serviceUrl(stage.service));
  const through = await killed(stage, urlOf(stage.sidecar, "inbound"));
  compare(stage, direct.shots, through.shots);
  const failed = through.shots.filter((shot) => !isGood(shot));
  return [
    {
      what: "outage: every failure through Tidegate was answered, with its reason",
      held: failed.length > 0 && failed.every(isExplained),
    },
    {
      what: "outage: no request failed once the service was back",
      held: through.later.length > 0 && through.later.every(isGood),
    },
  ];
}

/** The sidecar is told to stop under load. */
export async function drain(stage: Stage): Promise<Pledge[]> {
  stage.say("Act 4. The sidecar is told to stop while requests come in.\n\n");
  const seconds = (DRAIN_DELAY_MS * 0.9) / 1000;
  const url = urlOf(stage.sidecar, "inbound");
  // Ready is what it must have been, or being unready would prove nothing.
  const before = await statusOf(urlOf(stage.sidecar, "health", "/readyz"));
  const slowMs = DRAIN_DELAY_MS * 1.5;
  const quick = load(stage, url, { seconds });
  const slow = load(stage, url, {
    seconds: seconds / 4,
    perSecond: 40,
    path: `${PATH}?ms=${slowMs}`,
  });
  await sleep((seconds * 1000) / 3);
  const stopped = stage.sidecar.drain();
  const during = await statusOf(urlOf(stage.sidecar, "health", "/readyz"));
  const shots = [await quick, await slow];
  await stopped;
  const after = await sendRaw(portOf(stage.sidecar, "inbound"), ODDITIES[0]?.bytes ?? "");
  const rows = shots.map((each, at) =>
    tallyRow(at === 0 ? "quick ones" : "slow ones", tally(each)),
  );
  stage.say(`${table(TALLY_HEAD, rows)}\n`);
  stage.say(`/readyz said ${before}, then ${during}; nobody listens any more.\n\n`);
  return [
    { what: "drain: no accepted request was lost", held: shots.flat().every(isGood) },
    {
      what: "drain: unready at once, and gone at the end",
      held: before === 200 && during === 503 && after.status === 0,
    },
  ];
}

function load(
  { seconds, world }: Stage,
  url: string,
  changes: { seconds?: number; perSecond?: number; path?: string } = {},
): Promise<Shot[]> {
  const { origin } = new URL(url);
  return openLoad({ origin, path: PATH, perSecond: PER_SECOND, seconds, ...changes }, world);
}

/** A load in whose middle the service dies, and another one once it is back. */
async function killed(stage: Stage, url: string): Promise<Record<"shots" | "later", Shot[]>> {
  const seconds = stage.seconds / 3;
  const shots = load(stage, url, { seconds: 2 * seconds });
  await sleep(seconds * 1000);
  await stage.service.kill();
  const before = await shots;
  await stage.service.start();
  const later = await load(stage, url, { seconds });
  return { shots: [...before, ...later], later };
}

function compare(stage: Stage, direct: readonly Shot[], through: readonly Shot[]): void {
  const rows = [tallyRow("without", tally(direct)), tallyRow("with Tidegate", tally(through))];
  stage.say(`${table(TALLY_HEAD, rows)}\n`);
}

/** Refused with the status that its reason has. */
function isExplained({ status, reason }: Shot): boolean {
  return Object.entries(REFUSALS).some(([name, told]) => name === reason && told.status === status);
}

async function statusOf(url: string): Promise<number> {
  const { statusCode, body } = await request(url);
  await body.dump();
  return statusCode;
}
