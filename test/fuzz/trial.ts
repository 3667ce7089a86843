// One stream, tried: ours against Node's, whole against every way to cut it.
import { isDeepStrictEqual } from "node:util";
import { compare, type Disagreement } from "./comparison.ts";
import type { Sample } from "./corpus.ts";
import { differenceOf } from "./differences.ts";
import { ours, type Subject } from "./subject.ts";
import type { Transcript } from "./transcript.ts";

/**
 * `agreed`: accepted by both, with the same messages; `refused` by both; `stricter`: ours refused what
 * Node accepts; `waiting`: ours wants more; `known`: a documented difference.
 */
export type Verdict = "agreed" | "refused" | "stricter" | "waiting" | "known";

export interface Trial {
  readonly sample: Sample;
  readonly verdict: Verdict | Disagreement;
}

/** Tries each sample; where `split` says so, also in all pairs of pieces and byte by byte. */
export async function tryOut(
  subject: Subject,
  samples: readonly Sample[],
  split: (sample: Sample, index: number) => boolean,
): Promise<Trial[]> {
  const theirs = await subject.theirs(samples);
  return samples.map((sample, index) => {
    const other = theirs[index];
    if (other === undefined) throw new Error("Node's readers lost a stream");
    return { sample, verdict: judge(subject, sample, other, split(sample, index)) };
  });
}

function judge(
  subject: Subject,
  sample: Sample,
  theirs: Transcript,
  split: boolean,
): Verdict | Disagreement {
  try {
    const bytes = Buffer.from(sample.text, "latin1");
    const whole = ours(subject, sample, [bytes]);
    const found = split ? splitting(subject, sample, bytes, whole) : undefined;
    return found ?? verdictOf(sample, whole, theirs);
  } catch (error) {
    const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { kind: "crash", message: 0, detail };
  }
}

function verdictOf(sample: Sample, whole: Transcript, theirs: Transcript): Verdict | Disagreement {
  const found = compare(whole, theirs);
  if (found !== undefined) {
    return differenceOf(found, sample, whole, theirs) === undefined ? found : "known";
  }
  if (whole.end === "incomplete") return "waiting";
  if (whole.end !== "refused") return "agreed";
  return theirs.end === "refused" ? "refused" : "stricter";
}

function splitting(
  subject: Subject,
  sample: Sample,
  bytes: Buffer,
  whole: Transcript,
): Disagreement | undefined {
  for (const pieces of cuts(bytes)) {
    const cut = ours(subject, sample, pieces);
    if (isDeepStrictEqual(cut, whole)) continue;
    const lengths = pieces.map(({ length }) => length).join("+");
    const detail = `in ${lengths} bytes ${JSON.stringify(cut)}, whole ${JSON.stringify(whole)}`;
    return { kind: "split", message: 0, detail };
  }
  return undefined;
}

/** Every cut into two, and single bytes. */
function* cuts(bytes: Buffer): Generator<readonly Buffer[]> {
  for (let at = 1; at < bytes.length; at++) yield [bytes.subarray(0, at), bytes.subarray(at)];
  yield Array.from(bytes, (_byte, at) => bytes.subarray(at, at + 1));
}
