// How fast is a big body over HTTP/2, beside curl without a sidecar, and what does a slow reader cost the others?
import { join } from "node:path";
import { tcpAddress } from "../src/core/address.ts";
import { fetched, type Route, sent } from "./bulk/curl.ts";
import { startFiles } from "./bulk/files.ts";
import { sidecar } from "./contenders/tidegate.ts";
import { commandAvailable } from "./harness/contender.ts";
import { pairedRatio, spread } from "./harness/figures.ts";
import { launchPrinting, type Running } from "./harness/launch.ts";
import { describe, machine } from "./harness/machine.ts";
import { OpenStorm } from "./harness/openstorm.ts";
import type { Options } from "./harness/options.ts";
import { portOf, startOrigin } from "./harness/origin.ts";
import { writeResult } from "./harness/record.ts";
import { significant, table } from "./harness/table.ts";

const BYTES = 2 ** 30;
const CHECKED_BYTES = 2 ** 24;
/** Promised: at least so much of what curl gets without a sidecar, over HTTP/2 as well. */
const LEAST = 0.5;
/** Promised: with a slow reader the p99 of the others is at most so many times as long. */
const MOST = 1.5;
const SERVICE = join(import.meta.dirname, "../test/e2e/stageservice.ts");
const CALLS_PER_SECOND = 500;
const PATIENCE_MS = 5000;

/** Where routes stand among the others. */
const [HTTP1_ALONE, HTTP2_ALONE] = [0, 2];
const OURS = [1, 3];

type Move = (route: Route) => Promise<number>;

/** 1 when a body was slower than was promised, or a slow reader costs more. With --check it is not judged. */
export async function run({ check, rounds = check ? 1 : 5, seconds = check ? 0.5 : 3 }: Options) {
  const { plain, http2 } = await contenders();
  console.log(describe(await machine()));
  const bytes = check ? CHECKED_BYTES : BYTES;
  const running: Running[] = [];
  const started = async <R extends Running>(each: Promise<R>): Promise<R> => {
    running.push(await each);
    return each;
  };
  try {
    const files = await started(startFiles(bytes));
    const service = await started(launchPrinting([process.execPath, SERVICE], servicePort));
    const origin = await started(startOrigin());
    const routes = async (one: number, two: number): Promise<Route[]> => [
      { name: "curl alone, HTTP/1.1", protocol: "http1", port: one },
      { name: "HTTP/2 to HTTP/1.1", protocol: "http2", port: await portAt(plain, one) },
      { name: "curl alone, HTTP/2", protocol: "http2", port: two },
      { name: "HTTP/2 to HTTP/2", protocol: "http2", port: await portAt(http2, two) },
    ];
    const portAt = async (contender: typeof plain, port: number): Promise<number> =>
      (await started(contender.start({ ...files, port }))).port;
    const down = await compare(
      "download",
      await routes(files.port, files.http2Port),
      rounds,
      (to) => fetched(to, "/app/huge", bytes),
    );
    const up = await compare("upload", await routes(origin.port, service.port), rounds, (to) =>
      sent(to, "/app/length", bytes),
    );
    const slow = await slowReader(await portAt(http2, service.port), rounds, seconds * 1000);
    console.log(`\nwritten to ${writeResult("bulk", { down, up, slow })}`);
    const held = [...down.ratios, ...up.ratios].every((ratio) => ratio >= LEAST);
    return check || (held && slow.every((ratio) => ratio <= MOST)) ? 0 : 1;
  } finally {
    await Promise.all(running.map((each) => each.stop()));
  }
}

/** The sidecar twice; throws where something is missing that is needed. */
async function contenders() {
  for (const [command, flag] of [
    ["curl", "-V"],
    ["nginx", "-v"],
  ] as const) {
    const missing = await commandAvailable(command, flag);
    if (missing !== undefined) throw new Error(`bench: ${missing}`);
  }
  const plain = sidecar("plain", {});
  const why = await plain.available();
  if (why !== undefined) throw new Error(`bench: ${why}`);
  return { plain, http2: sidecar("http2", { cluster: ["protocol: http2"] }) };
}

/** The routes in turn, A B A B; what is judged is beside curl alone over the protocol that the client speaks, HTTP/2. */
async function compare(what: string, routes: readonly Route[], rounds: number, move: Move) {
  const speeds: number[][] = routes.map(() => []);
  for (const route of routes) await move(route);
  for (let round = 0; round < rounds; round++) {
    for (const [at, route] of routes.entries()) speeds[at]?.push(await move(route));
  }
  const over = (at: number, alone: number): number =>
    pairedRatio(speeds[at] ?? [], speeds[alone] ?? [])?.median ?? 0;
  const rows = routes.map(({ name }, at) => {
    const { median, min, max } = spread(speeds[at] ?? []);
    const ratios = [over(at, HTTP2_ALONE), over(at, HTTP1_ALONE)].map((each) => each.toFixed(2));
    return [name, significant(median), `${significant(min)}..${significant(max)}`, ...ratios];
  });
  console.log(table([what, "MiB/s", "range", "x alone, HTTP/2", "x alone, HTTP/1.1"], rows));
  return { speeds, ratios: OURS.map((at) => over(at, HTTP2_ALONE)) };
}

/** How many times as long the p99 of calls is beside a slow reader, on their connection and among a hundred. */
async function slowReader(port: number, rounds: number, ms: number): Promise<number[]> {
  const ratios: number[] = [];
  for (const connections of [1, 100]) {
    const storm = new OpenStorm(tcpAddress("127.0.0.1", port), connections, PATIENCE_MS);
    const p99 = async (): Promise<number> => {
      const calls = await storm.blow(CALLS_PER_SECOND, ms, "/app/call");
      const bad = calls.filter(({ end }) => end !== "0").length;
      if (bad > 0 || storm.cut.length > 0) throw new Error(`bench: ${bad} calls failed`);
      return (
        calls.map((call) => call.ms).sort((a, b) => a - b)[Math.floor(calls.length * 0.99)] ?? 0
      );
    };
    await p99();
    const [without, beside]: [number[], number[]] = [[], []];
    for (let round = 0; round < rounds; round++) {
      without.push(await p99());
      const end = storm.readSlowly();
      beside.push(await p99());
      end();
    }
    storm.close();
    const ratio = pairedRatio(beside, without)?.median ?? Number.NaN;
    ratios.push(ratio);
    const [own, other] = [spread(without).median, spread(beside).median].map(significant);
    const where = connections === 1 ? "on the same connection" : `among ${connections} connections`;
    console.log(`slow reader ${where}: p99 ${other} ms, ${own} ms without (x ${ratio.toFixed(2)})`);
  }
  return ratios;
}

function servicePort(line: string): number | undefined {
  return portOf(line.replace("on ", "on 127.0.0.1:"));
}
