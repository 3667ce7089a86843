import t from "tap";
import { faults, shortGrid } from "../../bench/limiters/check.ts";
import { fixed } from "../../bench/limiters/contenders/fixed.ts";
import { none } from "../../bench/limiters/contenders/none.ts";
import { CONTENDERS, contendersOf } from "../../bench/limiters/contenders.ts";
import { extras } from "../../bench/limiters/extras.ts";
import { judge } from "../../bench/limiters/gates.ts";
import { DISCIPLINES, grid, gridScene, KINDS, LOADS, WORKERS } from "../../bench/limiters/grid.ts";
import { oracle } from "../../bench/limiters/oracle.ts";
import { unloadedP99 } from "../../bench/limiters/scene.ts";
import { type Score, score } from "../../bench/limiters/score.ts";
import { scenesOf, type Trial, tryOut } from "../../bench/limiters/trial.ts";
import { FixedLimit } from "../../src/policy/slots.ts";

const SCORE: Score = { goodput: 1, p99: 1, bins: [], kept: 1, refused: 0 };
const scene = gridScene(16, "exponential", "fifo", 2);
const best = (change: Partial<Score> = {}) => ({ limit: 16, score: { ...SCORE, ...change } });

t.test("the grid is all that the issue asks for, and every name is there once", async (t) => {
  const all = [...grid(), ...extras()].map(({ name }) => name);
  const size = WORKERS.length * LOADS.length * KINDS.length * DISCIPLINES.length;
  t.equal(grid().length, size);
  t.equal(size, 784);
  t.equal(new Set(all).size, all.length);
  t.ok(shortGrid().every((name) => all.includes(name)));
  t.equal(new Set(shortGrid()).size, shortGrid().length);
});

t.test("scenes are found by the beginning of their names", async (t) => {
  t.strictSame(
    scenesOf("slow 16").map(({ name }) => name),
    ["slow 16"],
  );
  t.equal(scenesOf("16 bimodal").length, LOADS.length * DISCIPLINES.length);
  t.throws(() => scenesOf("17"), { message: /no cell is called 17/ });
  t.throws(() => contendersOf("tidegate,nobody"), { message: /no limiter is called nobody/ });
});

t.test("what is unloaded is what the work alone takes", async (t) => {
  const p99 = (kind: (typeof KINDS)[number]) => unloadedP99(gridScene(16, kind, "fifo", 2).cell);
  t.equal(p99("constant"), 20);
  t.equal(p99("bimodal"), 100);
  t.ok(Math.abs(p99("exponential") - 20 * Math.log(100)) < 1e-9);
  // exp(0.8 * 2.326 - 0.32) = 4.6696
  t.ok(Math.abs(p99("lognormal") - 20 * 4.6696) < 0.01);
  const { cell } = scene;
  t.equal(
    unloadedP99({ ...cell, episodes: [{ from: 0, to: 9, factor: 4 }] }),
    4 * unloadedP99(cell),
  );
});

t.test("twice what it can do: the right limit gives all of it, none gives nothing", async (t) => {
  const told = score(scene, [1], fixed.make);
  t.ok(told.goodput > 0.98 && told.goodput < 1.01, `${told.goodput}`);
  t.ok(told.p99 > 0.9 && told.p99 < 1.5, `${told.p99}`);
  const half = score(scene, [1], () => new FixedLimit(8));
  t.ok(Math.abs(half.goodput - 0.5) < 0.01, `${half.goodput}`);
  const all = score(scene, [1], none.make);
  t.ok(all.goodput < 0.05, "clients have gone before they are answered");
  t.equal(all.refused, 0);
  t.ok(all.p99 > 20, `${all.p99}`);
});

t.test(
  "the oracle is at least as good as limits about it, and unlimited below the capacity",
  async (t) => {
    const { limit, score: figures } = oracle(scene, [1]);
    const worth = ({ goodput, p99 }: Score) => goodput * Math.min(1, 2 / p99);
    for (const other of [8, 14, 32, 48]) {
      const its = score(scene, [1], () => new FixedLimit(other));
      t.ok(worth(figures) * 1.01 >= worth(its), `${limit} and ${other}`);
    }
    t.equal(oracle(gridScene(4, "constant", "fifo", 0.5), [1]).score.refused, 0);
  },
);

t.test("gates: goodput against the oracle, p99 against nobody met or the oracle", async (t) => {
  const met = (change: Partial<Score>, where = scene, against = best()) =>
    judge(where, { ...SCORE, ...change }, against).every((verdict) => verdict.met);
  t.ok(met({ goodput: 0.99, p99: 2 }));
  t.notOk(met({ goodput: 0.989 }));
  t.notOk(met({ p99: 2.01 }, scene, best({ p99: 3 })), "at twice the capacity");
  const mild = gridScene(16, "exponential", "fifo", 0.95);
  t.ok(met({ p99: 5.9 }, mild, best({ p99: 3 })), "near it the oracle's own counts");
  t.ok(met({ goodput: 0.93 }, gridScene(2, "exponential", "fifo", 2)));
  t.notOk(met({ goodput: 0.93 }, gridScene(2, "exponential", "fifo", 5)));
  const [endless] = scenesOf("endless");
  t.notOk(endless === undefined || met({ refused: 1 }, endless));
  const [priorities] = scenesOf("priorities x5");
  t.notOk(priorities === undefined || met({ kept: 0.998 }, priorities));
});

t.test(
  "gates: it has recovered when a second begins in which it is nearly the oracle",
  async (t) => {
    const step = { ...scene, steps: [1000], within: 2000 };
    const bins = (...parts: number[]) => [1, 1, 1, 1, ...parts, ...Array(12).fill(1)];
    const t95 = (list: number[]) =>
      judge(step, { ...SCORE, bins: list }, best({ bins: bins() })).find(
        ({ measure }) => measure === "t95",
      );
    t.match(t95(bins()), { figure: 0, met: true });
    // The second that begins with the third of these has 0.9, 1, 1, 1: 3.9 of 4.
    t.match(t95(bins(0.2, 0.5, 0.9)), { figure: 500, met: true });
    t.match(t95([1, 1, 1, 1, ...Array(12).fill(0.9)]), {
      figure: Number.POSITIVE_INFINITY,
      met: false,
    });
  },
);

const trial = (name: string, figure: number, met: boolean): Trial => ({
  scene: name,
  times: 2,
  oracle: { limit: 1, score: SCORE },
  results: [
    {
      scene: name,
      limiter: "tidegate",
      score: SCORE,
      verdicts: [{ measure: "p99", figure, gate: 2, rises: false, met }],
    },
  ],
});

t.test("check: a miss is told unless it is known, and no worse than it was", async (t) => {
  const known = [{ cell: "a", measure: "p99", figure: 3 } as const];
  t.match(faults([trial("b", 2.13, false)], true, []), [/misses 2\.000.*cell: "b"/]);
  t.strictSame(faults([trial("b", 2.11, false)], true, []), [], "which may be chance");
  t.strictSame(faults([trial("a", 3.1, false)], true, known), []);
  t.match(faults([trial("a", 3.2, false)], true, known), [/was 3\.000, is worse/]);
  t.match(faults([trial("a", 1.9, true)], true, known), [/strike/]);
  t.strictSame(faults([trial("b", 1, true)], false, known), [], "not the whole grid");
  t.match(faults([trial("b", 1, true)], true, known), [/not measured: a p99/]);
});

t.test("the same seed, the same figures", async (t) => {
  const job = { scene: "4 constant fifo x5", seeds: [7], limiters: ["tidegate", "fixed"] };
  t.strictSame(tryOut(job), tryOut(job));
  t.equal(CONTENDERS[0]?.name, "tidegate");
});
