// npm run fuzz -- --seed N --runs M
import { randomInt } from "node:crypto";
import { parseArgs } from "node:util";
import { campaign, type Failure, type Outcome } from "./campaign.ts";
import { requests, responses } from "./subject.ts";

const { values } = parseArgs({
  options: {
    seed: { type: "string", default: String(randomInt(2 ** 32)) },
    runs: { type: "string", default: "200000" },
  },
});
const seed = wholeNumber("seed", values.seed);
const runs = wholeNumber("runs", values.runs);

console.log(
  `seed ${seed}, ${runs} streams; again with: npm run fuzz -- --seed ${seed} --runs ${runs}`,
);
const started = performance.now();
let shown = 0;
const outcome = await campaign({ seed, runs, subjects: [requests(), responses()], onProgress });
report(outcome);
process.exitCode = outcome.tally.failed > 0 ? 1 : 0;

function wholeNumber(name: string, text: string): number {
  if (/^[0-9]{1,10}$/.test(text)) return Number(text);
  console.error(`--${name} ${text}: give a whole number of at most ten digits`);
  process.exit(2);
}

function onProgress(done: number): void {
  const tenth = Math.floor((10 * done) / runs);
  if (tenth === shown) return;
  shown = tenth;
  const perSecond = Math.round((1000 * done) / (performance.now() - started));
  console.log(`${done} of ${runs}, ${perSecond} a second`);
}

function report({ tally, failures }: Outcome): void {
  console.log(`accepted by both ${tally.agreed}, refused by both ${tally.refused}`);
  console.log(`ours stricter ${tally.stricter}, ours waits for more ${tally.waiting}`);
  console.log(`documented differences ${tally.known}, disagreements ${tally.failed}`);
  for (const failure of failures) console.log(JSON.stringify(asCase(failure), null, 1));
}

/** In the form of the wire cases; what is to be expected is for people to say. */
function asCase({ subject, sample, disagreement }: Failure): Record<string, unknown> {
  const { kind, message, detail } = disagreement;
  const note = `${kind} of message ${message}: ${detail}`;
  return subject === "requests"
    ? { id: "found-", category: "found", rfc: "", level: "MUST", raw: sample.text, note }
    : { id: "found-", rfc: "", level: "MUST", request: sample.method, raw: sample.text, note };
}
