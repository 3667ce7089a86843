// The README's tables say what the code does: one row for each reason and each metric.

type Row = Readonly<Record<string, string>>;

interface RefusalShape {
  readonly status: number;
  readonly grpc: number | undefined;
  readonly flag: string;
}

/** Differences between the README's table of reasons and the refusals of the code. */
export function reasonDifferences(
  readme: string,
  refusals: Readonly<Record<string, RefusalShape>>,
): string[] {
  const rows = tableRows(readme, "reason");
  const told = new Map(rows.map((row) => [word(row.reason), row]));
  const wrong = Object.entries(refusals).flatMap(([reason, { status, grpc, flag }]) => {
    const row = told.get(reason);
    if (row === undefined) return [`README.md: the table of reasons lacks ${reason}`];
    // A status may be followed by the others that the reason can have, and by "close".
    const same =
      row.HTTP?.startsWith(`${status}`) &&
      word(row.gRPC) === `${grpc ?? "-"}` &&
      word(row.flag) === flag;
    const want = `${status} | ${grpc ?? "-"} | ${flag}`;
    return same ? [] : [`README.md: ${reason} is ${want} in src/core/refusal.ts`];
  });
  const extra = [...told.keys()].filter((reason) => !(reason in refusals));
  return [...wrong, ...extra.map((name) => `README.md: ${name} is no reason of the code`)];
}

interface FamilyShape {
  readonly name: string;
  readonly labels: readonly string[];
}

/** Differences between the README's table of metrics and the families of the code. */
export function metricDifferences(readme: string, families: readonly FamilyShape[]): string[] {
  const told = new Set(tableRows(readme, "metric").map((row) => word(row.metric)));
  const meant = new Set(families.map(written));
  const lacks = [...meant].filter((name) => !told.has(name));
  const extra = [...told].filter((name) => !meant.has(name));
  return [
    ...lacks.map((name) => `README.md: the table of metrics lacks \`${name}\``),
    ...extra.map((name) => `README.md: \`${name}\` is no metric of the code`),
  ];
}

/** The families among a module's exports. */
export function familiesOf(exported: Readonly<Record<string, unknown>>): FamilyShape[] {
  return Object.values(exported).filter(isFamily);
}

function isFamily(value: unknown): value is FamilyShape {
  return typeof value === "object" && value !== null && "name" in value && "labels" in value;
}

function written({ name, labels }: FamilyShape): string {
  return `tidegate_${name}${labels.length > 0 ? `{${labels.join(",")}}` : ""}`;
}

/** The rows of every table whose first column is headed `first`, by the heads of its columns. */
export function tableRows(markdown: string, first: string): Row[] {
  const rows: Row[] = [];
  let heads: readonly string[] = [];
  for (const line of markdown.split("\n")) {
    const cells = cellsOf(line);
    if (cells.length === 0) heads = [];
    else if (cells[0] === first) heads = cells;
    else if (heads.length > 0 && !/^[\s|:-]+$/.test(line)) {
      rows.push(Object.fromEntries(heads.map((head, column) => [head, cells[column] ?? ""])));
    }
  }
  return rows;
}

function cellsOf(line: string): string[] {
  const inside = /^\s*\|(.*)\|\s*$/.exec(line)?.[1];
  return inside === undefined ? [] : inside.split("|").map((cell) => cell.trim());
}

function word(cell: string | undefined): string {
  return (cell ?? "").replaceAll("`", "");
}
