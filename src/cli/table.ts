// Tables for people who read them in a terminal.

type Row = readonly string[];

/** What becomes of the line of row number `at` once its columns are aligned. */
type Finish = (line: string, at: number) => string;

/** Rows as aligned text: columns of figures to the right, words to the left. */
export function table(head: Row, rows: readonly Row[], finish: Finish = (line) => line): string {
  const numeric = head.map((_, column) => isNumeric(rows.map((row) => row[column] ?? "")));
  const widths = widthsOf([head, ...rows]);
  const rule = widths.map((width) => "-".repeat(width));
  const [titles = "", under = "", ...lines] = aligned([head, rule, ...rows], numeric);
  return [titles, under, ...lines.map(finish)].map((line) => `${line}\n`).join("");
}

/** Rows of words in columns, with nothing above them. */
export function columns(rows: readonly Row[]): string {
  return aligned(rows, [])
    .map((line) => `${line}\n`)
    .join("");
}

function aligned(rows: readonly Row[], numeric: readonly boolean[]): string[] {
  const clean = rows.map((row) => row.map(printable));
  const widths = widthsOf(clean);
  return clean.map((row) =>
    row
      .map((cell, column) => pad(cell, widths[column] ?? 0, numeric[column] ?? false))
      .join("  ")
      .trimEnd(),
  );
}

function widthsOf(rows: readonly Row[]): number[] {
  const most = Math.max(0, ...rows.map(({ length }) => length));
  return Array.from({ length: most }, (_, column) =>
    rows.reduce((width, row) => Math.max(width, row[column]?.length ?? 0), 0),
  );
}

/** What others wrote must not move the cursor of whoever reads it. */
function printable(cell: string): string {
  return cell.replace(/[\0-\x1f\x7f-\x9f]/g, "?");
}

function pad(cell: string, width: number, right: boolean): string {
  return right ? cell.padStart(width) : cell.padEnd(width);
}

/** Figures, or a dash where there is none; at least one figure. */
function isNumeric(cells: readonly string[]): boolean {
  return cells.every((cell) => /^(?:[\d.]+|-)$/.test(cell)) && cells.some((cell) => cell !== "-");
}
