import t from "tap";
import { Floods } from "../../src/http2/floods.ts";

const LIMITS = { streams: 100, prematureResets: 250, resetsPerSecond: 100, controlFrames: 1000 };

/** How many resets it takes, one every `everyMs`, each after `livedMs`; undefined where 10,000 are no flood. */
function resetsUntilCut(everyMs: number, livedMs: number, byUs = false): number | undefined {
  const floods = new Floods(LIMITS);
  for (let i = 1; i <= 10_000; i++) {
    floods.opened();
    if (floods.reset(i * everyMs, livedMs, byUs) !== undefined) return i;
  }
  return undefined;
}

t.test("more than a hundred premature resets in a second are a flood", async (t) => {
  t.equal(resetsUntilCut(0, 0), 101);
  t.equal(resetsUntilCut(1, 5), 101);
  t.equal(resetsUntilCut(1, 0, true), 101);
});

t.test("slowly, half of the streams are too many, and a few are not", async (t) => {
  t.equal(resetsUntilCut(20, 0), 250);
  const floods = new Floods(LIMITS);
  const cut = Array.from({ length: 10_000 }, (_, i) => {
    floods.opened();
    return i % 3 === 0 ? floods.reset(i * 20, 0, false) : undefined;
  });
  t.strictSame([...new Set(cut)], [undefined]);
});

t.test(
  "streams that were worked on before they were reset are no flood, however many",
  async (t) => {
    t.equal(resetsUntilCut(1, 10), undefined);
    t.equal(resetsUntilCut(0.1, 50), undefined);
  },
);

t.test("what was read late is forgiven once for each stream that was worked on", async (t) => {
  const unread = (floods: Floods, count: number, byUs = false): number => {
    for (let i = 1; i <= count; i++) {
      floods.opened();
      if (floods.reset(0, 0, byUs, 50) !== undefined) return i;
    }
    return 0;
  };
  t.equal(unread(new Floods(LIMITS), 1000), 101, "who sends nothing else is forgiven none");
  const worked = (count: number): Floods => {
    const floods = new Floods(LIMITS);
    for (let i = 0; i < count; i++) floods.opened();
    return floods;
  };
  t.equal(unread(worked(50), 1000), 151);
  t.equal(unread(worked(5000), 1000), 600, "no more than for 500 of them");
  t.equal(unread(worked(200), 1000, true), 101, "nor is what we were made to reset");
  const storm = worked(450);
  t.equal(unread(storm, 450), 0);
  for (let i = 0; i < 450; i++) storm.opened();
  t.equal(unread(storm, 450), 0, "one stall after the other");
});

t.test("resets that we were made to send are one, however long the stream lived", async (t) => {
  t.equal(resetsUntilCut(1, 1000, true), 101);
});

t.test("control frames are counted by second and by kind, and bodies allow for more", async (t) => {
  const floods = new Floods(LIMITS);
  const cut = Array.from({ length: 1000 }, () => [
    floods.frame("ping", 0, 0),
    floods.frame("settings", 0, 0),
  ]).flat();
  t.strictSame([...new Set(cut)], [undefined]);
  t.equal(floods.frame("ping", 999, 2048), undefined);
  t.equal(floods.frame("settings", 999, 0), "settings");
  t.equal(floods.frame("settings", 1000, 0), undefined, "another second");
});

t.test("what comes beside requests and bodies has a bound", async (t) => {
  const others = (read: number, bodies = 0, pieces = 0) =>
    new Floods(LIMITS).others({ read, bodies, pieces }, 5000);
  t.equal(others(5 * 13_000), undefined);
  t.equal(others(5 * 13_000 + 1), "window_update");
  t.equal(others(10_000_000, 10_000_000, 600), undefined, "an upload");
  t.equal(others(1_000_000, 100_000_000), undefined, "a download, and its WINDOW_UPDATEs");
  const floods = new Floods(LIMITS);
  for (let i = 0; i < 100; i++) floods.opened();
  t.equal(floods.others({ read: 1_000_000, bodies: 0, pieces: 0 }, 5000), undefined);
  t.equal(floods.others({ read: 1_000_000, bodies: 0, pieces: 0 }, 5000), "window_update");
});
