// Where figures are kept: a file per run, the tables of both READMEs, and the ratios that guard holds.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { BASE, OURS } from "./contenders.ts";
import type { Machine } from "./machine.ts";
import type { Row } from "./summary.ts";

/** Our CPU over HAProxy's per scenario, as recorded. */
export interface Recorded {
  readonly date: string;
  readonly machine: Machine;
  readonly ratios: Readonly<Record<string, number>>;
}

const DIRECTORY = join(import.meta.dirname, "..");
const RECORDED = join(DIRECTORY, "recorded.json");
const README = join(DIRECTORY, "README.md");
const FRONT_PAGE = join(DIRECTORY, "..", "README.md");

/** Writes everything of a run to bench/results/ and returns the path from the repository's root. */
export function writeResult(question: string, result: unknown): string {
  const name = `${question}-${new Date().toISOString().replaceAll(":", "-").slice(0, 19)}.json`;
  const file = join(DIRECTORY, "results", name);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, `${JSON.stringify(result, null, 2)}\n`);
  return join("bench", "results", name);
}

/** Our ratios in `rows`; throws when a cell of ours or of HAProxy's has a fault or an error. */
export function ratiosOf(rows: readonly Row[]): Record<string, number> {
  const both = rows.filter(({ contender }) => contender === OURS || contender === BASE);
  const bad = both.filter(({ figures }) => figures === undefined || figures.errors > 0);
  if (bad.length > 0) {
    const cells = bad.map(({ contender, scenario }) => `${contender} ${scenario}`).join(", ");
    throw new Error(`bench: not recorded: errors in ${cells}`);
  }
  const own = both.filter(({ contender }) => contender === OURS);
  return Object.fromEntries(
    own.map(({ scenario, figures }) => [scenario, rounded(figures?.ratio?.median, scenario)]),
  );
}

/** Replaces the recorded ratios. */
export function writeRecorded(recorded: Recorded): void {
  writeFileSync(RECORDED, `${JSON.stringify(recorded, null, 2)}\n`);
}

/** The recorded ratios; throws when there are none yet. */
export function readRecorded(): Recorded {
  try {
    return JSON.parse(readFileSync(RECORDED, "utf8")) as Recorded;
  } catch (error) {
    const why = error instanceof Error ? error.message : error;
    throw new Error(`bench/recorded.json: ${why}; npm run bench -- path --record writes it`);
  }
}

/** Puts `section` between the markers of bench/README.md that are called `name`. */
export function writeReadme(section: string, name: "table" | "overload" | "limiters"): void {
  writeFileSync(README, between(readFileSync(README, "utf8"), section, name));
}

/** Puts `summary` between the markers of README.md. */
export function writeFrontPage(summary: string): void {
  writeFileSync(FRONT_PAGE, between(readFileSync(FRONT_PAGE, "utf8"), summary, "table"));
}

/** `text` with `section` in place of what stood between the markers; throws without markers. */
export function between(text: string, section: string, name: string): string {
  const [before, after] = [`<!-- ${name}:begin -->`, `<!-- ${name}:end -->`];
  const begin = text.indexOf(before);
  const end = text.indexOf(after);
  if (begin < 0 || end < begin) {
    throw new Error(`README.md: the lines ${before} and ${after} are missing, in this order`);
  }
  return `${text.slice(0, begin + before.length)}\n${section}\n${text.slice(end)}`;
}

function rounded(ratio: number | undefined, scenario: string): number {
  if (ratio === undefined)
    throw new Error(`bench: not recorded: no ratio to HAProxy in ${scenario}`);
  return Math.round(ratio * 1000) / 1000;
}
