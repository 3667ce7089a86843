// How deeply a YAML text is nested, before it is parsed: the parser's time grows with the square of
// the depth, and a megabyte of brackets would keep it busy for minutes.
import { Lexer } from "yaml";

/** The lexer's mark that the next lexeme is a scalar, whatever it looks like. */
const SCALAR = "\x1f";

/** The offset at which `text` is nested more than `most` levels deep on one line; -1 when nowhere. */
export function tooDeepAt(text: string, most: number): number {
  let [offset, brackets, dashes] = [0, 0, 0];
  let isScalar = false;
  for (const lexeme of new Lexer().lex(text)) {
    if (isScalar) isScalar = false;
    else if (lexeme === SCALAR) isScalar = true;
    else if (lexeme === "[" || lexeme === "{") brackets++;
    else if (lexeme === "]" || lexeme === "}") brackets--;
    else if (lexeme === "-" || lexeme === "?") dashes++;
    else if (lexeme.includes("\n")) dashes = 0;
    if (brackets + dashes > most) return offset;
    if (!CONTROLS.has(lexeme)) offset += lexeme.length;
  }
  return -1;
}

/** Lexemes that stand for no character of the text. */
const CONTROLS: ReadonlySet<string> = new Set(["\x02", "\x18", SCALAR]);
