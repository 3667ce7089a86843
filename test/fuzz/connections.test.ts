// Our connections against our reader: sockets, buffers and pipelining change nothing of what is read.
import t from "tap";
import { Bench } from "../http1/endpoint.ts";
import type { Link } from "../support/upstream.ts";
import { Chance } from "./chance.ts";
import { type Arrival, NotingServer } from "./connections.ts";
import type { Sample } from "./corpus.ts";
import { mutate } from "./mutation.ts";
import { ours, requests, responses, type Subject } from "./subject.ts";
import type { Transcript } from "./transcript.ts";

const RUNS = 400;

/** Streams of which at least one message is good, and where to cut each. */
function* streams(
  subject: Subject,
  chance: Chance,
): Generator<readonly [Sample, Buffer[], Transcript]> {
  for (let made = 0; made < RUNS; ) {
    const { method, text } = chance.pick(subject.corpus);
    const sample = { method, text: mutate(text, chance, chance.pick(subject.corpus).text) };
    const bytes = Buffer.from(sample.text, "latin1");
    const whole = ours(subject, sample, [bytes]);
    if (whole.messages.length === 0) continue;
    made++;
    yield [sample, cut(bytes, chance), whole];
  }
}

/** One to four pieces, none of them empty. */
function cut(bytes: Buffer, chance: Chance): Buffer[] {
  const places = Array.from({ length: chance.below(4) }, () => chance.below(bytes.length));
  const ends = [...new Set([...places.filter((place) => place > 0), bytes.length])];
  ends.sort((a, b) => a - b);
  return ends.map((end, i) => bytes.subarray(ends[i - 1] ?? 0, end));
}

t.test(
  "a server connection hands on what our reader reads, and refuses what it refuses",
  async (t) => {
    const server = await NotingServer.listen();
    t.teardown(() => server.close());
    for (const [sample, pieces, whole] of streams(requests(), new Chance(11))) {
      const complete = whole.messages.filter((message) => message.complete);
      const wanted = complete.map(({ line, fields, body }): Arrival => {
        const [method = "", target = ""] = line;
        return [method, target, [...fields], body];
      });
      const [arrivals, refusal] = await server.send(pieces, complete.length);
      const lengths = pieces.map(({ length }) => length).join("+");
      const told = `${JSON.stringify(sample.text)} in ${lengths} bytes`;
      t.strictSame(arrivals, wanted, told);
      t.equal(whole.end === "refused" && whole.detail.endsWith(refusal), refusal !== "", told);
    }
  },
);

t.test(
  "a client connection hands on what our reader reads, and refuses what it refuses",
  async (t) => {
    for (const [sample, pieces, whole] of streams(responses(), new Chance(12))) {
      const bench = await Bench.open(
        { request: (link) => answer(link, pieces) },
        { responseHeaderBytes: 16384 },
      );
      const listener = await bench.get(bench.take(), sample.method).ended();
      await bench.close();
      const final = whole.messages.find(({ line }) => line[0] === "101" || Number(line[0]) >= 200);
      const got = [listener.head?.status, listener.body];
      const interims = whole.messages.filter((message) => message !== final);
      t.strictSame(
        listener.interims,
        interims.map(({ line }) => Number(line[0])),
        sample.text,
      );
      if (final?.line[0] === "101") continue;
      t.strictSame(got, [final && Number(final.line[0]), final?.body ?? ""], sample.text);
      t.equal(listener.whole, final?.complete === true, sample.text);
    }
  },
);

async function answer(link: Link, pieces: readonly Buffer[]): Promise<void> {
  for (const piece of pieces) {
    if (link.closed) return;
    await new Promise<void>((done) => link.socket.write(piece, () => done()));
    for (let turns = 0; turns < 2; turns++) await new Promise((next) => setImmediate(next));
  }
  link.finish();
}
