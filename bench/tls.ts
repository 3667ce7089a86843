// What does a proxied request cost over TLS 1.3 on kept connections, beside HAProxy's `bind ssl`?
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { secured } from "./contenders/haproxy.ts";
import { sidecar } from "./contenders/tidegate.ts";
import { commandAvailable } from "./harness/contender.ts";
import { presentOf } from "./harness/contenders.ts";
import { pairedRatio, spread } from "./harness/figures.ts";
import { scratch } from "./harness/launch.ts";
import { type Cell, measure } from "./harness/measure.ts";
import type { Options } from "./harness/options.ts";
import { writeResult } from "./harness/record.ts";
import { chosenScenarios } from "./harness/scenarios.ts";
import { cost } from "./harness/summary.ts";
import { significant, table } from "./harness/table.ts";

/** Promised for requests: at most so many times HAProxy's CPU. */
const MOST = 1.3;
const JUDGED = "get64";

/** 1 when a request costs more than was promised, or was answered wrongly. With --check it is not judged. */
export async function run(options: Options): Promise<number> {
  const missing = await commandAvailable("wrk", "-v");
  if (missing !== undefined) throw new Error(`bench: ${missing}`);
  const { certificate, key, both } = certificates();
  const tls = [`tls: { certificate: ${certificate}, key: ${key} }`];
  const field = await presentOf([secured(both), sidecar("tidegate", { listener: tls })]);
  for (const { name, why } of field.absent) throw new Error(`bench: ${name}: ${why}`);
  const { check, rounds = check ? 1 : 5, seconds = check ? 0.5 : 2 } = options;
  const list = options.scenarios ?? `${JUDGED},get1,download`;
  const scenarios = chosenScenarios(list).map((each) => ({ ...each, secure: true }));
  const cells = await measure({ contenders: field.present, scenarios, rounds, seconds, check });
  const results = scenarios.map(({ name }) => {
    const [theirs, ours] = cells.filter(({ scenario }) => scenario.name === name);
    return { name, theirs: costsOf(theirs), ours: costsOf(ours) };
  });
  const rows = results.map(({ name, theirs, ours }) => {
    const ratio = pairedRatio(ours, theirs);
    const [own, other] = [spread(ours).median, spread(theirs).median];
    const range = `${ratio?.min.toFixed(2)}..${ratio?.max.toFixed(2)}`;
    return [name, significant(own), significant(other), `${ratio?.median.toFixed(2)}`, range];
  });
  console.log(table(["", "tidegate us", "haproxy us", "x HAProxy", "range"], rows));
  console.log(`\nwritten to ${writeResult("tls", { cells, results })}`);
  const wrong = cells.some(({ rounds }) => rounds.some(({ errors }) => errors > 0));
  if (wrong) console.log("some were answered wrongly");
  const judged = results.find(({ name }) => name === JUDGED);
  const ratio = judged && pairedRatio(judged.ours, judged.theirs)?.median;
  return wrong || (!check && ratio !== undefined && ratio > MOST) ? 1 : 0;
}

function costsOf(cell: Cell | undefined): number[] {
  if (cell === undefined || cell.fault !== undefined) throw new Error(`bench: ${cell?.fault}`);
  return cell.rounds.map((round) => cost(round, cell.scenario));
}

/** A certificate for localhost, of a key on P-256, made for this run. */
function certificates(): { certificate: string; key: string; both: string } {
  const folder = scratch();
  const [certificate, key, both] = ["tls.crt", "tls.key", "both.pem"].map((name) =>
    join(folder, name),
  ) as [string, string, string];
  const fresh = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"];
  const names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"];
  const files = ["-keyout", key, "-out", certificate];
  const args = ["req", "-x509", "-days", "1", ...fresh, ...names, ...files];
  execFileSync("openssl", args, { stdio: ["ignore", "ignore", "pipe"] });
  writeFileSync(both, readFileSync(certificate, "utf8") + readFileSync(key, "utf8"));
  return { certificate, key, both };
}
