import t from "tap";
import { chart } from "../../bench/overload/chart.ts";
import { report, summary, verdicts } from "../../bench/overload/report.ts";
import {
  capacityOf,
  meanMs,
  SCENARIOS,
  type Scenario,
  timeline,
} from "../../bench/overload/scenarios.ts";
import { schedule } from "../../bench/overload/schedule.ts";
import { Shots } from "../../bench/overload/shots.ts";
import { type Cell, middle, type Tally, tallies } from "../../bench/overload/tally.ts";

function scenario(name: string): Scenario {
  const found = SCENARIOS.find((each) => each.name === name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
}

/** Ten seconds of all of the load. */
const TEN = [{ name: "steady", pace: 1, share: 1, from: 0, to: 10_000 }];

t.test(
  "the same seed draws the same schedule, in order, at the rate that was asked for",
  async (t) => {
    const { dueMs, kind, caller } = schedule(scenario("2x"), TEN, 1);
    t.ok(Math.abs(dueMs.length / 32_000 - 1) < 0.03, `${dueMs.length} in 10 s of 3200/s`);
    t.strictSame(dueMs, dueMs.toSorted());
    t.strictSame(schedule(scenario("2x"), TEN, 1), schedule(scenario("2x"), TEN, 1));
    t.notSame(schedule(scenario("2x"), TEN, 2).dueMs[0], dueMs[0]);
    t.strictSame([kind.length, caller.length], [dueMs.length, dueMs.length]);
  },
);

t.test("classes and kinds of work come in their parts", async (t) => {
  const mixed = schedule(scenario("critical-5x"), TEN, 1);
  const critical = mixed.kind.filter((kind) => mixed.kinds[kind]?.criticality === "CRITICAL");
  t.ok(Math.abs(critical.length / mixed.kind.length - 0.5 / 5.5) < 0.01);
  const two = schedule(scenario("bimodal"), TEN, 1);
  const long = two.kind.filter((kind) => /ms=100 /.test(`${two.kinds[kind]?.requests[0]}`));
  t.ok(Math.abs(long.length / two.kind.length - 0.1) < 0.01);
  t.match(
    `${two.kinds[0]?.again[7]}`,
    /^X-Forwarded-For: 192\.0\.2\.8\r\n.*^X-Envoy-Attempt-Count: 2\r\n\r\n$/ms,
  );
});

t.test("capacity is that of the mean work", async (t) => {
  t.equal(capacityOf(scenario("2x")), 1600);
  t.equal(meanMs(scenario("bimodal").work), 14.5);
  t.equal(capacityOf(scenario("50x")), 160);
  t.strictSame(
    timeline(scenario("0.5x"), 6).map(({ from, to }) => [from, to]),
    [
      [0, 3000],
      [3000, 7000],
      [7000, 13_000],
    ],
  );
});

t.test("of a phase with a share, so much comes", async (t) => {
  const [first] = TEN;
  if (first === undefined) throw new Error("no phase");
  const spans = [
    { ...first, share: 0.2 },
    { ...first, from: 10_000, to: 20_000 },
  ];
  const { dueMs } = schedule(scenario("2x"), spans, 1);
  const before = dueMs.filter((due) => due < 10_000).length;
  t.ok(Math.abs(before / (dueMs.length - before) / 0.2 - 1) < 0.05, `${before} of ${dueMs.length}`);
});

/** Four requests in a phase of one second from 7000 on. */
function shots(): Shots {
  const all = new Shots(5);
  const ask = (due: number, sent: number) => all.add({ due, kind: 0, caller: 0, attempt: 1 }, sent);
  all.ends(ask(6990, 6990), "good", 7010);
  all.ends(ask(7100, 7100.5), "good", 7120);
  all.ends(ask(7200, 7200), "refused", 7203, "queue_full");
  all.ends(ask(7300, 7302), "gave up", 7550);
  all.ends(ask(7990, 7990), "good", 8010);
  return all;
}

t.test("good answers count when they come, everything else when it was due", async (t) => {
  const { kinds } = schedule(scenario("0.5x"), TEN, 1);
  const spans = timeline(scenario("0.5x"), 1);
  const [tally, ...more] = tallies(shots(), { scenario: scenario("0.5x"), kinds, spans });
  t.strictSame(more, []);
  t.match(tally, {
    phase: "steady",
    asked: 4,
    goodput: 2 / 1600,
    p50: 20,
    p99: 20,
    refusedP99: 3,
    success: { SHEDDABLE: 0.5 },
    failures: { queue_full: 1, "gave up": 1 },
    lateP99: 2,
  });
});

const FIGURES: Tally = {
  ...{ phase: "steady", asked: 100, goodput: 1, p50: 12, p99: 20, refusedP99: 5 },
  ...{ success: { SHEDDABLE: 0.5 }, failures: { queue_full: 50 }, lateP99: 0.2 },
};

function cell(name: string, contender: string, figures: Partial<Tally>): Cell {
  const tally = { ...FIGURES, ...figures };
  return { scenario: name, contender, phase: tally.phase, tally, fault: undefined };
}

t.test("of several rounds the medians are told", async (t) => {
  const rounds = [0.9, 0.5, 1].map((goodput) => cell("2x", "tidegate", { goodput }));
  const fault: Cell = {
    ...rounds[0],
    ...{ scenario: "2x", contender: "none", phase: "" },
    tally: undefined,
    fault: "no",
  };
  const cells = middle([...rounds, fault]);
  t.strictSame(
    cells.map(({ contender, tally }) => [contender, tally?.goodput]),
    [
      ["tidegate", 0.9],
      ["none", undefined],
    ],
  );
});

t.test("what was promised is held against HAProxy in the same run", async (t) => {
  const own = cell("2x", "tidegate", { goodput: 0.97, p99: 30, refusedP99: 61 });
  const base = cell("2x", "haproxy-told", { goodput: 1, p99: 160 });
  t.strictSame(verdicts([own]), [], "which takes both");
  t.match(verdicts([own, base]), [/^MISSED .*0\.97/, /^held .*0\.1875/, /^MISSED .*61\.00/]);
});

t.test("a generator that was late makes a figure void, and says so", async (t) => {
  const cells = [cell("2x", "tidegate", { lateP99: 1.2 }), cell("2x", "none", { p99: Number.NaN })];
  const text = report(cells, [scenario("2x")]).join("\n");
  t.match(text, /tidegate +\| 1\.000 \(20\.0\) void \|/);
  t.match(text, /none .*1\.000 \(-\) \|/);
  t.match(text, /queue_full 50\.0 %/);
});

t.test("the chart has a line for each contender, within its panel", async (t) => {
  const names = ["tidegate", "none"];
  const cells = names.flatMap((name) =>
    ["0.5x", "2x"].map((rho) => cell(rho, name, { p99: 1e6, goodput: name === "none" ? 0 : 5 })),
  );
  const svg = chart(summary(cells));
  t.equal(svg.match(/<polyline /g)?.length, 4);
  const heights = Array.from(svg.matchAll(/ cy="([0-9.]+)"/g), ([, y]) => Number(y));
  t.equal(heights.length, 8);
  t.ok(
    heights.every((y) => y >= 48 && y <= 252),
    heights.join(),
  );
});
