import t from "tap";
import { type DelayHistogram, watchLag } from "../../src/control/lag.ts";

/** A histogram that is told what it saw. */
class Told implements DelayHistogram {
  readonly resolution: number;
  max = 0;
  running = false;

  constructor(resolution: number) {
    this.resolution = resolution;
  }

  /** A tick came `ms` late. */
  sees(ms: number): void {
    this.max = Math.max(this.max, (ms + this.resolution) * 1e6);
  }
  reset(): void {
    this.max = 0;
  }
  enable(): boolean {
    this.running = true;
    return true;
  }
  disable(): boolean {
    this.running = false;
    return true;
  }
}

function told(): { lag: ReturnType<typeof watchLag>; histograms: Told[] } {
  const histograms: Told[] = [];
  const lag = watchLag((resolution) => {
    const histogram = new Told(resolution);
    histograms.push(histogram);
    return histogram;
  });
  return { lag, histograms };
}

t.test("the lag is the longest delay, without the interval that was asked for", async (t) => {
  const { lag, histograms } = told();
  t.teardown(lag.close);
  t.equal(lag.seconds(), 0);
  for (const each of histograms) each.sees(0);
  t.equal(lag.seconds(), 0);
  for (const each of histograms) each.sees(250);
  for (const each of histograms) each.sees(3);
  t.equal(lag.seconds(), 0.25);
});

t.test("a stall is seen for one window at least and two at most", async (t) => {
  const { lag, histograms } = told();
  t.teardown(lag.close);
  lag.rotate();
  for (const each of histograms) each.sees(2000);
  lag.rotate();
  t.equal(lag.seconds(), 2, "one window later");
  lag.rotate();
  t.equal(lag.seconds(), 0, "two windows later");
});

t.test("one of the two always measures while the other starts again", async (t) => {
  const { lag, histograms } = told();
  t.teardown(lag.close);
  for (let turn = 0; turn < 4; turn++) {
    for (const each of histograms) each.sees(turn + 1);
    const before = histograms.map(({ max }) => max);
    lag.rotate();
    const kept = histograms.filter(({ max }, index) => max > 0 && max === before[index]);
    t.equal(kept.length, 1);
  }
});

t.test("to close stops both", async (t) => {
  const { lag, histograms } = told();
  t.ok(histograms.every(({ running }) => running));
  lag.close();
  t.notOk(histograms.some(({ running }) => running));
});

t.test("the real one notices when the event loop is held up", async (t) => {
  const lag = watchLag();
  t.teardown(lag.close);
  const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
  // A long computation: it ends by its own work, not by the clock.
  const hold = (): number => {
    let sum = 0;
    for (let index = 0; index < 30_000_000; index++) sum += Math.sqrt(index);
    return sum;
  };
  while (lag.seconds() < 0.01) {
    hold();
    await turn();
  }
  t.ok(lag.seconds() >= 0.01);
});
