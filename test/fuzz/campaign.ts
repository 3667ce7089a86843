// Many trials from one seed, and what they came to.
import { Chance } from "./chance.ts";
import type { Disagreement } from "./comparison.ts";
import type { Sample } from "./corpus.ts";
import { minimum } from "./minimum.ts";
import { mutate } from "./mutation.ts";
import type { Subject } from "./subject.ts";
import { type Trial, tryOut, type Verdict } from "./trial.ts";

export interface Failure {
  readonly subject: Subject["name"];
  readonly sample: Sample;
  readonly disagreement: Disagreement;
}

export interface Outcome {
  readonly seed: number;
  readonly tally: Record<Verdict | "failed", number>;
  /** The first few, made small. */
  readonly failures: readonly Failure[];
}

export interface Plan {
  readonly seed: number;
  readonly runs: number;
  readonly subjects: readonly Subject[];
  onProgress?(done: number): void;
}

/** So many streams at once share a turn of the event loop. */
const BATCH = 50;
/** Of so many streams, one is cut into pieces in every way. */
const SPLIT_EVERY = 8;
/** The longest stream that is cut: the work grows with the square of its length. */
const SPLIT_BYTES = 600;
const MOST_FAILURES = 20;
/** What was accepted is changed further: most changes of a well-formed message only spoil it. */
const OFFSPRING = 500;
const OFFSPRING_BYTES = 1500;

/** Runs the plan; the same seed gives the same streams. */
export async function campaign({ seed, runs, subjects, onProgress }: Plan): Promise<Outcome> {
  const chance = new Chance(seed);
  const tally = { agreed: 0, refused: 0, stricter: 0, waiting: 0, known: 0, failed: 0 };
  const failures: Failure[] = [];
  const pools = subjects.map((subject) => new Pool(subject, chance));
  for (let done = 0; done < runs; done += BATCH) {
    const pool = pools[(done / BATCH) % pools.length];
    if (pool === undefined) break;
    const { subject } = pool;
    const samples = Array.from({ length: Math.min(BATCH, runs - done) }, () => pool.draw());
    for (const { sample, verdict } of await tryOut(subject, samples, isSplit)) {
      tally[typeof verdict === "string" ? verdict : "failed"]++;
      if (verdict === "agreed") pool.add(sample);
      if (typeof verdict === "string" || failures.length >= MOST_FAILURES) continue;
      failures.push(await shrunk(subject, sample, verdict));
    }
    onProgress?.(done + samples.length);
  }
  return { seed, tally, failures: distinct(failures) };
}

/** Streams to change, and their offspring that both sides accepted. */
class Pool {
  readonly subject: Subject;
  readonly #chance: Chance;
  readonly #offspring: Sample[] = [];

  constructor(subject: Subject, chance: Chance) {
    this.subject = subject;
    this.#chance = chance;
  }

  draw(): Sample {
    const { method, text } = this.#pick();
    return { method, text: mutate(text, this.#chance, this.#pick().text) };
  }

  add(sample: Sample): void {
    if (sample.text.length > OFFSPRING_BYTES) return;
    if (this.#offspring.length < OFFSPRING) this.#offspring.push(sample);
    else this.#offspring[this.#chance.below(OFFSPRING)] = sample;
  }

  #pick(): Sample {
    const fresh = this.#offspring.length === 0 || this.#chance.below(2) === 0;
    return this.#chance.pick(fresh ? this.subject.corpus : this.#offspring);
  }
}

function isSplit({ text }: Sample, index: number): boolean {
  return index % SPLIT_EVERY === 0 && text.length <= SPLIT_BYTES;
}

async function shrunk(subject: Subject, sample: Sample, found: Disagreement): Promise<Failure> {
  const { method } = sample;
  let disagreement = found;
  const text = await minimum(sample.text, async (shorter) => {
    const again = await single(subject, { method, text: shorter }, found.kind === "split");
    if (typeof again.verdict === "string" || again.verdict.kind !== found.kind) return false;
    disagreement = again.verdict;
    return true;
  });
  return { subject: subject.name, sample: { method, text }, disagreement };
}

async function single(subject: Subject, sample: Sample, split: boolean): Promise<Trial> {
  const [trial] = await tryOut(subject, [sample], () => split);
  if (trial === undefined) throw new Error("a trial of one stream gave no verdict");
  return trial;
}

function distinct(failures: readonly Failure[]): Failure[] {
  const texts = failures.map(({ sample }) => sample.text);
  return failures.filter(({ sample }, index) => texts.indexOf(sample.text) === index);
}
