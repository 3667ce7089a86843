import t from "tap";
import type { Cell, Round } from "../../bench/harness/measure.ts";
import { between, ratiosOf } from "../../bench/harness/record.ts";
import { chosenScenarios, type Scenario } from "../../bench/harness/scenarios.ts";
import { cost, summarise } from "../../bench/harness/summary.ts";
import { overview, significant, table } from "../../bench/harness/table.ts";

const scenario = (name: string): Scenario => {
  const [found] = chosenScenarios(name);
  if (found === undefined) throw new Error(`no scenario ${name}`);
  return found;
};

/** A round of `cpu` microseconds, a quarter of them in user space. */
function round(cpu: number, requests: number, change: Partial<Round> = {}): Round {
  const load = {
    ...{ requests, bytes: 20 * 1024 * 1024, micros: 2_000_000, p50Micros: 100, p99Micros: 900 },
    ...{ statusErrors: 0, connectErrors: 0, readErrors: 0, writeErrors: 0, timeouts: 0 },
  };
  const use = { userMicros: cpu / 4, systemMicros: (cpu * 3) / 4 };
  return { load, errors: 0, ...use, rssBytes: 1, peakBytes: 2, ...change };
}

const cell = (contender: string, rounds: Round[], name = "get64"): Cell => ({
  contender,
  scenario: scenario(name),
  rounds,
  fault: undefined,
});

t.test("the cost of a small request is CPU per request, user and system together", async (t) => {
  t.equal(cost(round(30_000, 2000), scenario("get64")), 15);
});

t.test("the cost of a download is CPU per MiB that was read, cut answers too", async (t) => {
  t.equal(cost(round(30_000, 1), scenario("download")), 1500);
});

t.test("the cost of an upload is CPU per MiB of the bodies that were answered", async (t) => {
  t.equal(cost(round(30_000, 3), scenario("upload")), 1000);
});

t.test("a ratio pairs the rounds of one scenario with HAProxy's", async (t) => {
  const rows = summarise([
    cell("tidegate", [round(3000, 100), round(6000, 100)]),
    cell("haproxy", [round(2000, 100), round(4000, 100)]),
    cell("haproxy", [round(9000, 1)], "download"),
  ]);
  t.same(rows[0]?.figures?.ratio, { median: 1.5, min: 1.5, max: 1.5 });
  t.same(rows[0]?.figures?.cost, { median: 45, min: 30, max: 60 });
  t.same(rows[0]?.figures?.perSecond, { median: 50, min: 50, max: 50 });
});

t.test("without HAProxy there are figures and no ratio", async (t) => {
  const [row] = summarise([cell("nginx", [round(3000, 100)])]);
  t.equal(row?.figures?.ratio, undefined);
  t.equal(row?.figures?.cost.median, 30);
});

t.test("errors of all rounds add up and mark the cell", async (t) => {
  const rows = summarise([cell("nginx", [round(1, 1, { errors: 2 }), round(1, 1, { errors: 3 })])]);
  t.equal(rows[0]?.figures?.errors, 5);
  t.match(overview(rows, [scenario("get64")]), /nginx .* 1\.00 ! \|/);
});

t.test("a contender that did not start has a fault and no figures", async (t) => {
  const rows = summarise([{ ...cell("nginx", []), fault: "no port" }]);
  t.equal(rows[0]?.figures, undefined);
  t.match(overview(rows, [scenario("get64")]), /nginx .* fault \|/);
});

t.test("ratios of cells with errors are not recorded", async (t) => {
  const good = cell("haproxy", [round(2000, 100)]);
  t.same(ratiosOf(summarise([cell("tidegate", [round(2469, 100)]), good])), { get64: 1.235 });
  const bad = cell("tidegate", [round(2469, 100, { errors: 1 })]);
  t.throws(() => ratiosOf(summarise([bad, good])), { message: /errors in tidegate get64/ });
  t.throws(() => ratiosOf(summarise([cell("tidegate", [round(1, 1)])])), { message: /no ratio/ });
});

t.test("a table aligns its columns and is Markdown", async (t) => {
  const text = table(
    ["name", "us"],
    [
      ["a", "1.5"],
      ["longer", "12345"],
    ],
  );
  const wanted = [
    "| name   |    us |",
    "| ------ | ----: |",
    "| a      |   1.5 |",
    "| longer | 12345 |",
  ];
  t.equal(text, wanted.join("\n"));
});

t.test("numbers keep three digits that mean something", async (t) => {
  t.same([12345.6, 123.4, 12.34, 1.234, 0.1234].map(significant), [
    ...["12346", "123", "12.3", "1.23", "0.123"],
  ]);
});

t.test("a section replaces what stood between the markers, and nothing else", async (t) => {
  const begin = "<!-- table:begin -->";
  const end = "<!-- table:end -->";
  const text = between(`a\n${begin}\nold\n${end}\nb\n`, "new $1", "table");
  t.equal(text, `a\n${begin}\nnew $1\n${end}\nb\n`);
  t.throws(() => between(`${end}${begin}`, "new", "table"), {
    message: /are missing, in this order/,
  });
});
