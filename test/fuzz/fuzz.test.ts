// Ours against node:http: what ours accepts, Node accepts as the same messages, and no cut of a stream
// changes what it says. More of the same: npm run fuzz -- --seed N --runs M
import { randomInt } from "node:crypto";
import t from "tap";
import { campaign } from "./campaign.ts";
import { REQUESTS, RESPONSES, type Sample } from "./corpus.ts";
import { DIFFERENCES } from "./differences.ts";
import { requests, responses, type Subject } from "./subject.ts";
import { tryOut } from "./trial.ts";

const RUNS = 10_000;
const SEEDS = { "the same seed every time": 20_240_601, "a new seed": randomInt(2 ** 32) };

/** The work of cutting grows with the square of the length. */
const SHORT = ({ text }: Sample) => text.length <= 1000;

const [client, server] = [requests(), responses()];
const subjects = [client, server];

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
    const samples = new Map(subject.corpus.map((sample) => [sample.method + sample.text, sample]));
    const trials = await tryOut(subject, [...samples.values()], SHORT);
    t.same(
      trials.filter(({ verdict }) => typeof verdict !== "string"),
      [],
    );
  });
}

t.test("what mutation begins with is accepted by both", async (t) => {
  for (const text of REQUESTS) t.equal(await verdict(client, { method: "", text }), "agreed", text);
  for (const text of RESPONSES)
    t.equal(await verdict(server, { method: "GET", text }), "agreed", text);
});

t.test("every documented difference is there", async (t) => {
  for (const { examples, reason } of DIFFERENCES) {
    for (const example of examples) {
      t.equal(await verdict(example.method === "" ? client : server, example), "known", reason);
    }
  }
});

async function verdict(subject: Subject, sample: Sample) {
  const [trial] = await tryOut(subject, [sample], () => true);
  return trial?.verdict;
}
