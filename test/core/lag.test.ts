import t from "tap";
import { Lag } from "../../src/core/lag.ts";

const BEAT = 10;

function beating(): { lag: Lag; pass(ms: number): number } {
  let now = 500;
  const lag = new Lag(BEAT, now);
  const pass = (ms: number): number => {
    now += ms;
    lag.beat(now);
    return now;
  };
  return { lag, pass };
}

t.test("a timer that is late as usual has not stood still", async (t) => {
  const { lag, pass } = beating();
  let now = 0;
  for (let beat = 0; beat < 100; beat++) now = pass(beat % 2 === 0 ? BEAT : 60);
  t.equal(lag.stood(now), 0);
  t.equal(lag.longest(now), 50);
});

t.test("stalls are added up, less the beat that each began in", async (t) => {
  const { lag, pass } = beating();
  t.equal(lag.stood(pass(2010)), 2000);
  pass(BEAT);
  t.equal(lag.stood(pass(510)), 2500);
});

t.test("a stall counts before a beat has told of it, and once", async (t) => {
  const { lag, pass } = beating();
  t.equal(lag.stood(1510), 1000);
  t.equal(lag.longest(1510), 1000);
  t.equal(lag.stood(pass(1010)), 1000);
});

t.test(
  "what is read now may have waited as long as this beat is late, or the last one was",
  async (t) => {
    const { lag, pass } = beating();
    const now = pass(BEAT);
    t.equal(lag.behind(now + BEAT), 0);
    t.equal(lag.behind(now + 70), 60, "no beat has told of it");
    t.equal(lag.behind(pass(70)), 60, "the beat came first");
    t.equal(lag.behind(pass(BEAT)), 0);
  },
);

t.test("the longest lag is shown for one window at least, and two at most", async (t) => {
  const { lag, pass } = beating();
  pass(2010);
  const wait = (ms: number): number => {
    for (let left = ms; left > BEAT; left -= BEAT) pass(BEAT);
    return pass(BEAT);
  };
  t.equal(lag.longest(wait(50_000)), 2000);
  t.equal(lag.longest(wait(60_000)), 2000, "one window later");
  t.equal(lag.longest(wait(60_000)), 0, "two windows later");
});

t.test("what is usual is the median of the last beats, whatever one stall was", async (t) => {
  const { lag, pass } = beating();
  t.equal(lag.usual, 0, "before there were any");
  for (let beat = 0; beat < 100; beat++) pass(BEAT + 20);
  t.equal(lag.usual, 20);
  for (let beat = 0; beat < 16; beat++) pass(beat === 3 ? 5000 : BEAT + 1);
  t.equal(lag.usual, 1);
  for (let beat = 0; beat < 16; beat++) pass(BEAT - 1);
  t.equal(lag.usual, 0, "early is not late");
});
