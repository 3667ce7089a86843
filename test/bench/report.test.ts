// What is told of a run of the limiters: tables and the chart.
import t from "tap";
import { between } from "../../bench/harness/record.ts";
import { chart } from "../../bench/limiters/chart.ts";
import { grid, PARTS, partOf } from "../../bench/limiters/grid.ts";
import { misses, overview, resultsOf, summarise } from "../../bench/limiters/report.ts";
import type { Result, Trial } from "../../bench/limiters/trial.ts";

const SCORE = { goodput: 1, p99: 1, kept: 1, refused: 0 };

function result(scene: string, limiter: string, goodput: number, p99: number): Result {
  return {
    ...{ scene, limiter },
    score: { ...SCORE, goodput, p99 },
    verdicts: [
      { measure: "goodput", figure: goodput, gate: 0.99, rises: true, met: goodput >= 0.99 },
      { measure: "p99", figure: p99, gate: 2, rises: false, met: p99 <= 2 },
    ],
  };
}

const trial = (scene: string, times: number, ...results: Result[]): Trial => ({
  ...{ scene, times, results },
  oracle: { limit: 4, score: SCORE },
});

const TRIALS = [
  trial("a", 2, result("a", "tidegate", 1, 1.5), result("a", "none", 0.1, 50)),
  trial("b", 2, result("b", "tidegate", 0.9, 3), result("b", "none", 0.3, 70)),
  trial("c", 0.5, result("c", "tidegate", 1, 1), result("c", "none", 1, 1)),
];

t.test("a summary: the mean goodput, the median p99, the gates met", async (t) => {
  const { goodput, p99, met } = summarise(resultsOf(TRIALS, "none"));
  t.ok(Math.abs(goodput - 1.4 / 3) < 1e-9);
  t.equal(p99, 50);
  t.equal(met, 1 / 3);
});

t.test("the table has a column for each load, and the misses are told worst first", async (t) => {
  const [head = "", , ours = ""] = overview(TRIALS, ["tidegate", "none"]).split("\n");
  t.match(head, /x0\.5 .* x2 .*all gates/);
  t.match(ours, /tidegate .*1\.000 \(1\.00\) 100 % .*0\.950 \(3\.00\) 50 % .*66 %/);
  const lines = misses(TRIALS, "tidegate").split("\n").slice(2);
  t.equal(lines.length, 2);
  t.match(lines, [/b .*p99 .*3\.000 .*2\.000/, /b .*goodput .*0\.900 .*0\.990/]);
});

t.test("the chart has a dot and a name for each, inside of it", async (t) => {
  const svg = chart(TRIALS, ["tidegate", "none"], "tidegate");
  t.equal(svg.match(/<circle/g)?.length, 2);
  t.match(svg, />tidegate<[\s\S]*<\/svg>/);
  for (const [, x = "", y = ""] of svg.matchAll(/<circle cx="([\d.]+)" cy="([\d.]+)"/g)) {
    t.ok(Number(x) >= 60 && Number(x) <= 650 && Number(y) >= 50 && Number(y) <= 390, `${x} ${y}`);
  }
  t.match(svg, /in 2 simulated services/, "those of twice the capacity and more");
});

t.test("the parts are the grid, each cell once", async (t) => {
  const parts = Array.from({ length: PARTS }, (_, i) => partOf(i + 1).map(({ name }) => name));
  t.strictSame(new Set(parts.flat()), new Set(grid().map(({ name }) => name)));
  t.equal(parts.flat().length, grid().length);
});

t.test("a section of that name is replaced, and no other", async (t) => {
  const text = "<!-- a:begin -->\n1\n<!-- a:end --><!-- b:begin -->\n2\n<!-- b:end -->";
  t.equal(between(text, "3", "b"), text.replace("2", "3"));
  t.throws(() => between(text, "3", "c"), { message: /c:begin/ });
});
