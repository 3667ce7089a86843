// What does a request that comes over HTTP/2 cost, beside HAProxy, where the service speaks HTTP/1.1?
import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { haproxyHttp2 } from "./contenders/haproxy.ts";
import { tidegate } from "./contenders/tidegate.ts";
import { commandAvailable, PREFIX } from "./harness/contender.ts";
import { pairedRatio, spread } from "./harness/figures.ts";
import type { Running } from "./harness/launch.ts";
import { warmUpSeconds } from "./harness/measure.ts";
import type { Options } from "./harness/options.ts";
import { startOrigin } from "./harness/origin.ts";
import { writeResult } from "./harness/record.ts";
import { significant, table } from "./harness/table.ts";
import { usageOf } from "./harness/usage.ts";

/** Promised: at most so many times HAProxy's CPU. */
const MOST = 2.2;
const CONTENDERS = [haproxyHttp2, tidegate];
/** Sixteen connections with sixteen requests on each. */
const CROWD = ["-c16", "-m16", "-t1"];

interface Round {
  /** CPU of the proxy, for each request. */
  readonly micros: number;
  readonly perSecond: number;
  readonly errors: number;
}

/** 1 when a request costs more than was promised, or fails. With --check it is not judged. */
export async function run(options: Options): Promise<number> {
  const missing = await commandAvailable("h2load", "--version");
  if (missing !== undefined) throw new Error("bench: h2load not installed (nghttp2-client)");
  for (const contender of CONTENDERS) {
    const why = await contender.available();
    if (why !== undefined) throw new Error(`bench: ${why}`);
  }
  const measured = await measure(options);
  const costs = measured.map((rounds) => rounds.map(({ micros }) => micros));
  const ratios = costs.map((own) => pairedRatio(own, costs[0] ?? []));
  const rows = CONTENDERS.map(({ name }, at) => {
    const { median, min, max } = spread(costs[at] ?? []);
    const ratio = ratios[at];
    const perSecond = spread((measured[at] ?? []).map((round) => round.perSecond)).median;
    return [
      ...[name, significant(median), `${significant(min)}..${significant(max)}`],
      ...[`${ratio?.median.toFixed(2)}`, `${ratio?.min.toFixed(2)}..${ratio?.max.toFixed(2)}`],
      significant(perSecond),
    ];
  });
  const columns = ["", "CPU us/request", "range", "x HAProxy", "range", "requests/s"];
  console.log(table(columns, rows));
  console.log(`\nwritten to ${writeResult("http2", { measured, ratios })}`);
  const failed = measured.flat().some(({ errors }) => errors > 0);
  if (failed) console.log("some requests failed");
  const dear = ratios.some((ratio) => ratio === undefined || ratio.median > MOST);
  return failed || (dear && !options.check) ? 1 : 0;
}

/** The contenders in turn, A B A B. */
async function measure({ check, ...options }: Options): Promise<Round[][]> {
  const { rounds = check ? 1 : 7, seconds = check ? 1 : 3 } = options;
  const origin = await startOrigin();
  const running: Running[] = [];
  const measured: Round[][] = CONTENDERS.map(() => []);
  try {
    for (const contender of CONTENDERS) {
      const each = await contender.start(origin);
      running.push(each);
      await load(each, warmUpSeconds(check));
    }
    for (let round = 0; round < rounds; round++) {
      for (const [at, each] of running.entries()) measured[at]?.push(await load(each, seconds));
    }
  } finally {
    await Promise.all([...running, origin].map((each) => each.stop()));
  }
  return measured;
}

/** h2load takes whole seconds, and counts those of its own warm-up apart. */
async function load({ port, pids }: Running, seconds: number): Promise<Round> {
  const url = `http://127.0.0.1:${port}${PREFIX}small`;
  const before = usageOf(pids);
  const args = [...CROWD, `-D${Math.ceil(seconds)}`, url];
  const { stdout } = await promisify(execFile)("h2load", args);
  const after = usageOf(pids);
  const used = after.userMicros + after.systemMicros - before.userMicros - before.systemMicros;
  const { succeeded, failed } = parse(stdout);
  return { micros: used / succeeded, perSecond: succeeded / Math.ceil(seconds), errors: failed };
}

function parse(output: string): { succeeded: number; failed: number } {
  const line = /(\d+) succeeded, (\d+) failed, (\d+) errored, (\d+) timeout/.exec(output);
  const [succeeded = 0, failed = 0, errored = 0, late = 0] = (line ?? []).slice(1).map(Number);
  if (succeeded === 0) throw new Error(`bench: h2load said: ${output.slice(-600)}`);
  // What was under way when the time was over counts as errored.
  return { succeeded, failed: failed + late + Math.max(0, errored - 256) };
}
