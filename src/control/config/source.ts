// A config file as text, and how a place in it is shown to people.

/** Where something stands: offsets into the text, the end exclusive. */
export interface Range {
  readonly start: number;
  readonly end: number;
}

/** One thing that is wrong, or worth a second look, and where. */
export interface Problem {
  readonly severity: "error" | "warning";
  readonly file: string;
  /** Both from 1; columns count UTF-16 units, as editors do. */
  readonly line: number;
  readonly column: number;
  readonly message: string;
  /** The line of the file with a caret beneath; secrets are masked. Empty when there is no line. */
  readonly excerpt: string;
}

/** How much of a line is shown, and how much around it is looked at for secrets. */
const WIDTH = 160;
const REACH = 2000;

/** The text of one file, by lines. */
export class Source {
  readonly file: string;
  readonly text: string;
  readonly #lines: readonly string[];
  readonly #starts: readonly number[];

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#lines = text.split("\n");
    let offset = 0;
    this.#starts = this.#lines.map((line) => {
      const start = offset;
      offset += line.length + 1;
      return start;
    });
  }

  /** The number of the line that holds `offset`, from 1. */
  line(offset: number): number {
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return low + 1;
  }

  /** The text of line `number`, from 1, without its line end. */
  lineText(number: number): string {
    return (this.#lines[number - 1] ?? "").replace(/\r$/, "");
  }

  problem(severity: Problem["severity"], range: Range, message: string): Problem {
    const line = this.line(range.start);
    const column = range.start - (this.#starts[line - 1] ?? 0) + 1;
    const excerpt = this.#excerpt(line, column, range.end - range.start);
    return { severity, file: this.file, line, column, message: printable(message), excerpt };
  }

  #excerpt(line: number, column: number, length: number): string {
    const text = this.lineText(line);
    // A very long line must not fill the terminal: a window around the caret is enough. What is
    // masked is found in a wider one, which holds the key of any secret in the first.
    const wide = Math.max(0, column - 1 - REACH);
    const from = Math.max(0, column > WIDTH - 40 ? column - 40 : 0) - wide;
    const safe = printable(maskSecrets(text.slice(wide, column + REACH)));
    const shown = safe.slice(from, from + WIDTH);
    if (shown.trim() === "") return "";
    const gutter = String(line).padStart(4);
    const indent = shown.slice(0, column - 1 - wide - from).replace(/[^\t]/g, " ");
    const carets = "^".repeat(Math.max(1, Math.min(length, shown.length - indent.length)));
    return `${gutter} | ${shown}\n${" ".repeat(gutter.length)} | ${indent}${carets}`;
  }
}

/** `text` in quotes for a message, cut where nobody would read on. */
export function quote(text: string): string {
  return JSON.stringify(text.length > 64 ? `${text.slice(0, 63)}…` : text);
}

/** `file:line:col: message`, then the line and its caret. */
export function formatProblem(problem: Problem): string {
  const word = problem.severity === "warning" ? "warning: " : "";
  const head = `${problem.file}:${problem.line}:${problem.column}: ${word}${problem.message}`;
  return problem.excerpt === "" ? `${head}\n` : `${head}\n${problem.excerpt}\n`;
}

// A key that sounds like a secret. Every repetition is bounded: a line may be very long.
const SECRET = /(?:tok|secret|passw|api-?key)[\w-]{0,64}["']?\s{0,8}:\s{1,8}/gi;
const VALUE = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s].*/sy;
const FLOW_VALUE = /"(?:[^"\\]|\\.)*"?|'[^']*'?|[^\s,}][^,}]*/y;

/** Stars over whatever such a key holds; as many as it has letters, so that carets stay in place. */
function maskSecrets(line: string): string {
  let masked = "";
  let done = 0;
  for (const match of line.matchAll(SECRET)) {
    const start = match.index + match[0].length;
    if (start < done) continue;
    // Between braces a value ends at a comma; elsewhere it may hold one.
    const pattern = line.slice(0, match.index).includes("{") ? FLOW_VALUE : VALUE;
    pattern.lastIndex = start;
    const value = pattern.exec(line)?.[0] ?? "";
    // A bare reference to the environment gives nothing away.
    const harmless = /^["']?\$\{\w+\}["']?$/.test(value.trimEnd());
    masked += line.slice(done, start) + (harmless ? value : "*".repeat(value.length));
    done = start + value.length;
  }
  return masked + line.slice(done);
}

/** Control characters must not reach a terminal; tabs stay, for the caret's sake. */
function printable(line: string): string {
  return line.replace(/[^\P{C}\t]/gu, "?");
}
