// `demo`: what Tidegate does, to be seen on loopback with nothing else installed.
import { once } from "node:events";
import { systemClock, systemRandom } from "../core/clock.ts";
import type { Sidecar } from "../sidecar.ts";
import { askAdmin } from "./admin/ask.ts";
import { areChanges, eventLines } from "./admin/eventtext.ts";
import { atMost, type Given, readArguments, UsageError } from "./arguments.ts";
import { compare, drain, oddities } from "./demo/acts.ts";
import { BUSY } from "./demo/flood.ts";
import { play } from "./demo/scenes.ts";
import { type Capacity, Service } from "./demo/service.ts";
import {
  addressOf,
  type Cast,
  configText,
  type Pledge,
  type Stage,
  startFrom,
  urlOf,
} from "./demo/stage.ts";

const HELP = `Usage: tidegate demo [--seconds N] [--keep]

Starts two primaries and a backup of a service on loopback, and another, small one, and sends open-loop load: calm, a
primary is killed, the other one is sick, too, both are well again; then ten times what the small one can do. First
the clients ask the instances themselves, then the sidecar does it for them. Then it refuses what it should, and is
told to stop. Says what was seen.

  --seconds N   seconds of load in each scene, 0.5 to 10 (3)
  --keep        stay up afterwards, until Ctrl-C
  --help        this text

Exit code: 0 when everything that was promised held, 1 when not, 2 on a wrong flag.
`;

interface Options {
  readonly seconds: number;
  readonly keep: boolean;
}

const CAPACITY = { workers: 16, serviceMs: 5 };

/** The exit code; throws a UsageError for a wrong flag. Everything is told on stdout. */
export async function demo(args: string[]): Promise<number> {
  const given = readArguments(args, { seconds: "value", keep: "switch" });
  atMost(0, given);
  if (given.switches.has("help")) {
    say(HELP);
    return 0;
  }
  const options = { seconds: secondsOf(given), keep: given.switches.has("keep") };
  const instance = () => new Service(CAPACITY);
  const busy = new Service(BUSY);
  const cast: Cast = { primaries: [instance(), instance()], backup: instance(), busy };
  const services = [...cast.primaries, cast.backup, busy];
  try {
    await Promise.all(services.map((service) => service.start()));
    return await perform(cast, options);
  } finally {
    await Promise.all(services.map((service) => service.kill()));
  }
}

function secondsOf({ values }: Given): number {
  const text = values.get("seconds") ?? "3";
  const seconds = Number(text);
  if (seconds >= 0.5 && seconds <= 10) return seconds;
  throw new UsageError(`--seconds must be a number from 0.5 to 10, and not ${text}`);
}

async function perform(cast: Cast, { seconds, keep }: Options): Promise<number> {
  const text = configText(cast);
  introduce(text);
  const world = { clock: systemClock, random: systemRandom };
  const stage: Stage = { cast, seconds, world, say };
  say("Act 1. Without the sidecar: clients ask the instances themselves.\n\n");
  const origins = cast.primaries.map(({ url }) => url);
  const without = await play(stage, { origins, busy: cast.busy.url });
  say("\nAct 2. The same with the sidecar before them.\n\n");
  const sidecar = await startFrom(text);
  announce(cast, sidecar);
  const pledges: Pledge[] = [];
  try {
    const inbound = urlOf(sidecar, "inbound", "");
    const through = await play(stage, { origins: [inbound], busy: inbound });
    pledges.push(...compare(stage, without, through));
    await tellEvents(sidecar);
    for (const act of [oddities, drain]) pledges.push(...(await act(stage, sidecar)));
  } finally {
    await sidecar.close();
  }
  for (const { what, held } of pledges) say(`${held ? "held  " : "BROKEN"}  ${what}\n`);
  if (keep) await stay(cast, text);
  return pledges.every(({ held }) => held) ? 0 : 1;
}

function introduce(text: string): void {
  const able = ({ workers, serviceMs }: Capacity): number => (workers / serviceMs) * 1000;
  say(`Two primaries and a backup that can do ${able(CAPACITY)} requests/s each, on loopback, `);
  say(`and a busy service\nthat can do ${able(BUSY)}.\n\n`);
  say("The config of the sidecar before them:\n\n");
  say(`${text.replace(/^/gm, "  ").trimEnd()}\n\n`);
}

function announce({ primaries, backup, busy }: Cast, sidecar: Sidecar): void {
  const places = {
    ...{ primary: `${primaries[0].url}/api/`, "": `${primaries[1].url}/api/` },
    backup: `${backup.url}/api/`,
    busy: `${busy.url}/busy/`,
    listener: urlOf(sidecar, "inbound", "/api/"),
    health: urlOf(sidecar, "health", "/readyz"),
    metrics: urlOf(sidecar, "health", "/metrics"),
    admin: urlOf(sidecar, "admin", "/state"),
  };
  for (const [name, url] of Object.entries(places)) say(`  ${name.padEnd(9)} ${url}\n`);
  say("\n");
}

/** What the sidecar has to say of it, as `tidegate events` prints it. */
async function tellEvents(sidecar: Sidecar): Promise<void> {
  const place = { address: addressOf(sidecar, "admin"), token: undefined };
  const changes = await askAdmin(place, "/events");
  if (!areChanges(changes)) throw new Error("demo: what the sidecar tells is no list of changes");
  say(`What the sidecar has noticed, as "tidegate events" prints it:\n\n${eventLines(changes)}\n`);
}

/** A sidecar from the same config, since the last one has stopped, until it is told to stop too. */
async function stay(cast: Cast, text: string): Promise<void> {
  const sidecar = await startFrom(text);
  say("\nUp until Ctrl-C:\n\n");
  announce(cast, sidecar);
  // Under npm Ctrl-C comes twice, and the second one must not end this process halfway.
  process.on("SIGINT", () => {});
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await sidecar.close();
}

function say(text: string): void {
  process.stdout.write(text);
}
