// `demo`: what Tidegate does, to be seen on loopback with nothing else installed.
import { once } from "node:events";
import { systemClock, systemRandom } from "../core/clock.ts";
import type { Sidecar } from "../sidecar.ts";
import { atMost, type Given, readArguments, UsageError } from "./arguments.ts";
import { calm, drain, oddities, outage, type Pledge } from "./demo/acts.ts";
import { Service } from "./demo/service.ts";
import { configText, type Stage, serviceUrl, startFrom, urlOf } from "./demo/stage.ts";

const HELP = `Usage: tidegate demo [--seconds N] [--keep]

Starts a small service and the sidecar before it on loopback, sends open-loop load with and
without the sidecar, kills the service, stops the sidecar, and says what was seen.

  --seconds N   seconds of load in each act, 0.5 to 10 (3)
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
  const service = new Service(CAPACITY);
  try {
    await service.start();
    return await play(service, options);
  } finally {
    await service.kill();
  }
}

function secondsOf({ values }: Given): number {
  const text = values.get("seconds") ?? "3";
  const seconds = Number(text);
  if (seconds >= 0.5 && seconds <= 10) return seconds;
  throw new UsageError(`--seconds must be a number from 0.5 to 10, and not ${text}`);
}

async function play(service: Service, { seconds, keep }: Options): Promise<number> {
  const text = configText(service.port);
  const sidecar = await startFrom(text);
  introduce(service, sidecar, text);
  const world = { clock: systemClock, random: systemRandom };
  const stage: Stage = { service, sidecar, seconds, world, say };
  const pledges: Pledge[] = [];
  try {
    for (const act of [calm, oddities, outage, drain]) pledges.push(...(await act(stage)));
  } finally {
    await sidecar.close();
  }
  for (const { what, held } of pledges) say(`${held ? "held  " : "BROKEN"}  ${what}\n`);
  if (keep) await stay(service, text);
  return pledges.every(({ held }) => held) ? 0 : 1;
}

function introduce(service: Service, sidecar: Sidecar, text: string): void {
  const perSecond = (CAPACITY.workers / CAPACITY.serviceMs) * 1000;
  say(`A service that can do ${perSecond} requests/s, and Tidegate before it, on loopback.\n\n`);
  say("The config:\n\n");
  say(`${text.replace(/^/gm, "  ").trimEnd()}\n\n`);
  announce(service, sidecar);
}

function announce(service: Service, sidecar: Sidecar): void {
  const places = {
    service: `${serviceUrl(service)}api/`,
    listener: urlOf(sidecar, "inbound", "/api/"),
    health: urlOf(sidecar, "health", "/readyz"),
    metrics: urlOf(sidecar, "health", "/metrics"),
    admin: urlOf(sidecar, "admin", "/state"),
  };
  for (const [name, url] of Object.entries(places)) say(`  ${name.padEnd(9)} ${url}\n`);
  say("\n");
}

/** A sidecar from the same config, since the last one has stopped, until it is told to stop too. */
async function stay(service: Service, text: string): Promise<void> {
  const sidecar = await startFrom(text);
  say("\nUp until Ctrl-C:\n\n");
  announce(service, sidecar);
  await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
  await sidecar.close();
}

function say(text: string): void {
  process.stdout.write(text);
}
