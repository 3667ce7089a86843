// How deeply a YAML text is nested, before it is parsed: the parser's time grows with the square of
// the depth, and of the brackets that are never closed. A file of brackets would keep it busy for
// minutes.
import { Lexer } from "yaml";

/** A config needs a dozen levels, and a bracket here and there. */
const MOST_LEVELS = 64;
const MOST_BRACKETS = 10_000;

/** The lexer's mark that the next lexeme is a scalar, whatever it looks like. */
const SCALAR = "\x1f";

/** Lexemes that stand for no character of the text. */
const MARKS: ReadonlySet<string> = new Set(["\x02", "\x18", SCALAR]);

/** The offset at which `text` is nested too deeply, or has too many brackets; -1 when nowhere. */
export function tooDeepAt(text: string): number {
  let [offset, open, brackets, dashes] = [0, 0, 0, 0];
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (!isScalar) {
      const step = STEPS.get(lexeme) ?? 0;
      open += step;
      brackets += Math.abs(step);
      if (lexeme === "-" || lexeme === "?") dashes++;
      else if (lexeme.includes("\n")) dashes = 0;
    }
    isScalar = lexeme === SCALAR;
    if (open + dashes > MOST_LEVELS || brackets > MOST_BRACKETS) return offset;
    if (!MARKS.has(lexeme)) offset += lexeme.length;
  }
  return -1;
}

const STEPS: ReadonlyMap<string, number> = new Map([
  ["[", 1],
  ["{", 1],
  ["]", -1],
  ["}", -1],
]);
