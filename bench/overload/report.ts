// The tables of a run, and what became of what was promised.
import { table } from "../harness/table.ts";
import { BASE, CONTENDERS, OURS } from "./contenders.ts";
import { meanMs, SCENARIOS, type Scenario } from "./scenarios.ts";
import { type Cell, LATE_MS, type Tally } from "./tally.ts";

/** An overview of the steady loads, and a table of each scenario; as Markdown. */
export function report(cells: readonly Cell[], scenarios: readonly Scenario[]): string[] {
  return [
    overview(cells),
    ...scenarios.flatMap((scenario) => [
      `**${scenario.name}**: ${scenario.title}`,
      details(
        cells.filter((cell) => cell.scenario === scenario.name),
        scenario,
      ),
    ]),
  ];
}

/** A contender's figures over the multiples of the capacity, for the chart. */
export interface Series {
  readonly name: string;
  readonly points: readonly { readonly rho: string; readonly tally: Tally | undefined }[];
}

/** Of the steady loads on a service of constant times. */
export function summary(cells: readonly Cell[]): readonly Series[] {
  const loads = SCENARIOS.map(({ name }) => name).filter((name) => /^[0-9.]+x$/.test(name));
  const rhos = loads.filter((rho) => cells.some(({ scenario }) => scenario === rho));
  return CONTENDERS.map(({ name }) => ({
    name,
    points: rhos.map((rho) => ({ rho, tally: find(cells, rho, name) })),
  })).filter(({ points }) => points.some(({ tally }) => tally !== undefined));
}

function overview(cells: readonly Cell[]): string {
  const series = summary(cells);
  const rhos = series[0]?.points.map(({ rho }) => rho) ?? [];
  const rows = series.map(({ name, points }) => [
    name,
    ...points.map(({ tally }) =>
      tally === undefined
        ? "-"
        : `${tally.goodput.toFixed(3)} (${millis(tally.p99)})${tally.lateP99 > LATE_MS ? " void" : ""}`,
    ),
  ]);
  return table(["goodput of capacity (p99 ms)", ...rhos], rows);
}

function details(cells: readonly Cell[], { work, streams, phases }: Scenario): string {
  const classes = streams.map(({ criticality }) => criticality);
  const phased = phases.filter(({ name }) => name !== undefined).length > 1;
  const columns = [
    ...["contender", ...(phased ? ["phase"] : [])],
    ...["goodput", "p50 ms", "p99 ms", "p99/work", "refusals' p99 ms"],
    ...classes.map((name) => `${name} answered`),
    ...["generator late ms", "refused and failed"],
  ];
  const ordered = phased
    ? Array.from(Map.groupBy(cells, ({ contender }) => contender).values())
    : [cells];
  const rows = ordered.flat().map((cell) => {
    const { contender, phase, tally, fault } = cell;
    const begin = [contender, ...(phased ? [phase] : [])];
    if (tally === undefined) return [...begin, fault ?? "-"];
    const late =
      tally.lateP99 > LATE_MS ? `${millis(tally.lateP99)} void` : tally.lateP99.toFixed(2);
    return [
      ...begin,
      tally.goodput.toFixed(3),
      ...[tally.p50, tally.p99].map(millis),
      Number.isNaN(tally.p99) ? "-" : (tally.p99 / meanMs(work)).toFixed(1),
      millis(tally.refusedP99),
      ...classes.map((name) => `${(100 * (tally.success[name] ?? 0)).toFixed(2)} %`),
      late,
      failuresOf(tally),
    ];
  });
  return table(columns, rows);
}

/** Every failure with its part of what was asked. */
function failuresOf({ failures, asked }: Tally): string {
  const parts = Object.entries(failures).map(
    ([why, count]) => `${why} ${((100 * count) / asked).toFixed(1)} %`,
  );
  return parts.join(", ") || "-";
}

/** What was promised of overload, for as much as was measured: a line each. */
export function verdicts(cells: readonly Cell[]): string[] {
  const lines = ["2x", "10x", "50x"].flatMap((rho) => {
    const [own, base] = [find(cells, rho, OURS), find(cells, rho, BASE)];
    if (own === undefined || base === undefined) return [];
    const least = rho === "50x" ? 0.95 : 0.98;
    return [
      line(`${rho}: goodput over that of ${BASE}`, own.goodput / base.goodput, "least", least),
      line(`${rho}: p99 over that of ${BASE}`, own.p99 / base.p99, "most", 0.5),
      line(`${rho}: p99 of refusals, ms`, own.refusedP99, "most", 60),
    ];
  });
  const critical = ["critical-5x", "critical-10x"].flatMap((name) => {
    const own = find(cells, name, OURS);
    if (own === undefined) return [];
    return [line(`${name}: CRITICAL answered`, own.success.CRITICAL ?? 0, "least", 0.999)];
  });
  return [...lines, ...critical];
}

function line(what: string, value: number, bound: "least" | "most", limit: number): string {
  const held = bound === "least" ? value >= limit : value <= limit;
  return `${held ? "held  " : "MISSED"}  ${what}: ${value.toPrecision(4)}, at ${bound} ${limit}`;
}

function find(cells: readonly Cell[], scenario: string, contender: string): Tally | undefined {
  return cells.find((cell) => cell.scenario === scenario && cell.contender === contender)?.tally;
}

function millis(value: number): string {
  if (Number.isNaN(value)) return "-";
  return value.toFixed(value < 100 ? 1 : 0);
}
