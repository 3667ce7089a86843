// The two things that are tried: how we read requests, and how we read responses.
import { requestSamples, responseSamples, type Sample } from "./corpus.ts";
import { readAnswers } from "./node-client.ts";
import { NodeServer } from "./node-server.ts";
import { requestReader, responseReader } from "./reader.ts";
import type { Transcript } from "./transcript.ts";

/** Takes a stream piece by piece. */
export interface Reader {
  feed(piece: Buffer): void;
  /** The other side sends no more. */
  finish(): void;
  readonly transcript: Transcript;
}

export interface Subject {
  readonly name: "requests" | "responses";
  readonly corpus: readonly Sample[];
  /** A fresh reader of ours. */
  reader(sample: Sample): Reader;
  /** What Node makes of each. */
  theirs(samples: readonly Sample[]): Promise<readonly Transcript[]>;
}

export function requests(): Subject {
  const server = new NodeServer();
  return {
    name: "requests",
    corpus: requestSamples(),
    reader: requestReader,
    theirs: (samples) => server.read(samples.map(({ text }) => text)),
  };
}

export function responses(): Subject {
  return {
    name: "responses",
    corpus: responseSamples(),
    reader: ({ method }) => responseReader(method),
    theirs: readAnswers,
  };
}

/** What ours makes of a stream that comes in these pieces, and then ends. */
export function ours(subject: Subject, sample: Sample, pieces: readonly Buffer[]): Transcript {
  const reader = subject.reader(sample);
  for (const piece of pieces) reader.feed(piece);
  reader.finish();
  return reader.transcript;
}
