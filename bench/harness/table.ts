// Tables that read well both in a terminal and as Markdown.
import type { Spread } from "./figures.ts";
import type { Scenario } from "./scenarios.ts";
import type { Figures, Row } from "./summary.ts";

/** Rows of text under `columns`, aligned: the first column to the left, the others to the right. */
export function table(columns: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = columns.map((column, index) =>
    Math.max(3, column.length, ...rows.map((row) => row[index]?.length ?? 0)),
  );
  const line = (cells: readonly string[]) =>
    `| ${widths.map((width, index) => pad(cells[index] ?? "", width, index)).join(" | ")} |`;
  const rule = widths.map((width, index) =>
    index === 0 ? "-".repeat(width) : `${"-".repeat(width - 1)}:`,
  );
  return [line(columns), line(rule), ...rows.map(line)].join("\n");
}

function pad(text: string, width: number, index: number): string {
  return index === 0 ? text.padEnd(width) : text.padStart(width);
}

/** CPU of every contender in every scenario, with the ratio to HAProxy in parentheses. */
export function overview(rows: readonly Row[], scenarios: readonly Scenario[]): string {
  const names = [...new Set(rows.map((row) => row.contender))];
  const lines = names.map((name) => [
    name,
    ...scenarios.map((scenario) =>
      brief(rows.find((row) => row.contender === name && row.scenario === scenario.name)),
    ),
  ]);
  const columns = scenarios.map(({ name, bulk }) => `${name}, us/${bulk ? "MiB" : "request"}`);
  return table(["CPU (x HAProxy)", ...columns], lines);
}

/** Everything that was measured in one scenario: medians, and ranges as least..greatest. */
export function details(rows: readonly Row[], scenario: Scenario): string {
  const columns = [
    ...["contender", `CPU us/${scenario.bulk ? "MiB" : "request"}`, "range", "user %", "x HAProxy"],
    ...["range", "requests/s", "p50 ms", "p99 ms", "RSS MiB", "peak MiB", "errors"],
  ];
  const own = rows.filter((row) => row.scenario === scenario.name);
  return table(columns, own.map(detail));
}

function brief(row: Row | undefined): string {
  const figures = row?.figures;
  if (figures === undefined) return row?.fault === undefined ? "-" : "fault";
  const ratio = figures.ratio === undefined ? "" : ` (${figures.ratio.median.toFixed(2)})`;
  return `${significant(figures.cost.median)}${ratio}${figures.errors > 0 ? " !" : ""}`;
}

function detail({ contender, fault, figures }: Row): string[] {
  if (figures === undefined) return [contender, fault ?? "-"];
  const { cost, ratio, errors } = figures;
  return [
    contender,
    `${significant(cost.median)}${errors > 0 ? " !" : ""}`,
    range(cost, significant),
    `${userShare(figures)}`,
    ratio === undefined ? "-" : ratio.median.toFixed(2),
    ratio === undefined ? "-" : range(ratio, (value) => value.toFixed(2)),
    significant(figures.perSecond.median),
    significant(figures.p50Micros.median / 1000),
    significant(figures.p99Micros.median / 1000),
    mebibytes(figures.rssBytes.median),
    mebibytes(figures.peakBytes),
    String(errors),
  ];
}

function userShare({ userMicros, systemMicros }: Figures): number {
  return Math.round((100 * userMicros) / Math.max(1, userMicros + systemMicros));
}

function range({ min, max }: Spread, text: (value: number) => string): string {
  return `${text(min)}..${text(max)}`;
}

/** Three digits that mean something: 12345, 123, 12.3, 1.23, 0.123. */
export function significant(value: number): string {
  if (value >= 100) return value.toFixed(0);
  return value >= 10 ? value.toFixed(1) : value.toPrecision(3);
}

export function mebibytes(bytes: number): string {
  return (bytes / (1024 * 1024)).toFixed(0);
}
