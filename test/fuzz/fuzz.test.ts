// Ours against node:http: what ours accepts, Node accepts as the same messages, and no cut of a stream
// changes what it says. More of the same: npm run fuzz -- --seed N --runs M
import { randomInt } from "node:crypto";
import t from "tap";
import { campaign } from "./campaign.ts";
import { REQUESTS, RESPONSES, type Sample } from "./corpus.ts";
import { requests, responses, type Subject } from "./subject.ts";
import { tryOut } from "./trial.ts";

const RUNS = 10_000;
const SEEDS = { "the same seed every time": 20_240_601, "a new seed": randomInt(2 ** 32) };

const subjects = [requests(), responses()];

for (const [name, seed] of Object.entries(SEEDS)) {
  t.test(`${RUNS} streams from ${name} are read as Node reads them`, async (t) => {
    const again = `npm run fuzz -- --seed ${seed} --runs ${RUNS}`;
    t.comment(again);
    const { tally, failures } = await campaign({ seed, runs: RUNS, subjects });
    t.comment(JSON.stringify(tally));
    t.same(failures, [], `to see it again: ${again}`);
    t.ok(tally.agreed > RUNS / 5, "a good part of the streams is accepted");
    t.ok(tally.refused > RUNS / 5, "a good part of the streams is refused");
  });
}

for (const subject of subjects) {
  t.test(`known ${subject.name} are read as Node reads them, however they are cut`, async (t) => {
    t.same(await disagreements(subject, subject.corpus), []);
  });
}

t.test("what mutation begins with is accepted by both", async (t) => {
  const [first, second] = subjects;
  for (const text of REQUESTS) t.same(await verdicts(first, [{ method: "", text }]), ["agreed"]);
  for (const text of RESPONSES)
    t.same(await verdicts(second, [{ method: "GET", text }]), ["agreed"]);
});

async function verdicts(subject: Subject | undefined, samples: readonly Sample[]) {
  if (subject === undefined) return [];
  const trials = await tryOut(subject, samples, () => true);
  return trials.map(({ verdict }) => verdict);
}

async function disagreements(subject: Subject, samples: readonly Sample[]) {
  const trials = await tryOut(subject, samples, () => true);
  return trials.filter(({ verdict }) => typeof verdict !== "string");
}
