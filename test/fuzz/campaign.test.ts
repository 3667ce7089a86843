// The fuzzer itself: does it find a reader that is wrong?
import t from "tap";
import { campaign, type Outcome } from "./campaign.ts";
import { Chance } from "./chance.ts";
import { minimum } from "./minimum.ts";
import { type Reader, requests, responses, type Subject } from "./subject.ts";

type Spoil = (text: string) => string;

/** Runs few streams through a subject whose reader is given what `spoil` makes of the whole. */
function withMistake(subject: Subject, spoil: Spoil): Promise<Outcome> {
  return planted(subject, (right) => {
    let text = "";
    return {
      feed: (piece) => {
        text += piece.toString("latin1");
      },
      finish: () => {
        right.feed(Buffer.from(spoil(text), "latin1"));
        right.finish();
      },
    };
  });
}

function planted(
  subject: Subject,
  plant: (right: Reader) => Pick<Reader, "feed" | "finish">,
): Promise<Outcome> {
  const reader: Subject["reader"] = (sample) => {
    const right = subject.reader(sample);
    const { feed, finish } = plant(right);
    return {
      feed,
      finish,
      get transcript() {
        return right.transcript;
      },
    };
  };
  return campaign({ seed: 1, runs: 600, subjects: [{ ...subject, reader }] });
}

function kinds({ failures }: Outcome): string[] {
  return [...new Set(failures.map(({ disagreement }) => disagreement.kind))];
}

t.test("a reader of requests that takes a bare LF for a line end is found", async (t) => {
  const outcome = await withMistake(requests(), (text) => text.replace(/\r?\n/g, "\r\n"));
  t.ok(kinds(outcome).includes("refused"), kinds(outcome).join());
});

t.test("a reader of requests that overlooks Transfer-Encoding is found", async (t) => {
  const hide: Spoil = (text) => text.replace(/^transfer-encoding:.*\r\n/gim, "");
  const outcome = await withMistake(requests(), hide);
  t.ok(kinds(outcome).includes("fields"), kinds(outcome).join());
});

t.test("a reader of responses that changes a byte of a body is found", async (t) => {
  const outcome = await withMistake(responses(), (text) => text.replace(/ok$/, "oK"));
  t.ok(kinds(outcome).includes("body"), kinds(outcome).join());
});

t.test("a reader that keeps a connection for too long is found", async (t) => {
  const outcome = await withMistake(requests(), (text) => text.replace(": close", ": clean"));
  t.ok(outcome.failures.length > 0);
});

t.test("a reader that minds where the stream is cut is found", async (t) => {
  const outcome = await planted(responses(), (right) => ({
    feed: (piece) => right.feed(piece.subarray(piece[0] === 10 ? 1 : 0)),
    finish: () => right.finish(),
  }));
  t.same(kinds(outcome), ["split"]);
});

t.test("a reader that throws is found", async (t) => {
  const outcome = await withMistake(requests(), (text) => {
    if (text.includes("\0")) throw new Error("a NUL");
    return text;
  });
  t.ok(kinds(outcome).includes("crash"), kinds(outcome).join());
});

t.test("the same seed draws the same streams, another seed others", async (t) => {
  const runs = async (seed: number) => {
    const drawn: string[] = [];
    const subject = requests();
    const theirs: Subject["theirs"] = (samples) => {
      drawn.push(...samples.map(({ text }) => text));
      return subject.theirs(samples);
    };
    await campaign({ seed, runs: 200, subjects: [{ ...subject, theirs }] });
    return drawn;
  };
  t.same(await runs(7), await runs(7));
  t.notSame(await runs(7), await runs(8));
});

t.test("chance covers its range evenly", async (t) => {
  const chance = new Chance(3);
  const counts = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const at = chance.below(10);
    counts[at] = (counts[at] ?? 0) + 1;
  }
  for (const count of counts) t.ok(count > 800 && count < 1200, counts.join(" "));
});

t.test("the minimum keeps only what the failure needs", async (t) => {
  const text = "some text with a needle, and a thread behind it";
  const fails = async (shorter: string) => /needle.*thread/.test(shorter);
  t.equal(await minimum(text, fails), "needlethread");
});
