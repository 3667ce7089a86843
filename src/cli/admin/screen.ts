// Where one text takes the place of another: a terminal is drawn over, anything else gets one after the other.

/** What it is written to. */
interface Out {
  readonly isTTY?: boolean;
  readonly rows?: number;
  write(text: string): unknown;
}

const [HIDE, SHOW] = ["\x1b[?25l", "\x1b[?25h"];
/** Lines that are too long are cut and do not go on in the next one: else nothing would be where it is drawn. */
const [CUT, WRAP] = ["\x1b[?7l", "\x1b[?7h"];
const [CLEAR, HOME] = ["\x1b[2J", "\x1b[H"];
/** What was there before is erased, to the end of the line, and below the last one. */
const [REST_OF_LINE, BELOW] = ["\x1b[K", "\x1b[J"];
const USUAL_ROWS = 24;

export class Screen {
  readonly #out: Out;
  #drawn = false;

  constructor(out: Out) {
    this.#out = out;
  }

  /** Shows `text`, which ends with a line feed, in the place of what was there. */
  draw(text: string): void {
    const { isTTY = false, rows } = this.#out;
    if (!isTTY) this.#out.write(this.#drawn ? `\n${text}` : text);
    else {
      const lines = text.split("\n").slice(0, -1);
      // Some terminals do not know their size.
      const shown = lines.slice(0, (rows || USUAL_ROWS) - 1);
      const begin = this.#drawn ? HOME : HIDE + CUT + CLEAR + HOME;
      this.#out.write(
        `${begin}${shown.map((line) => `${line}${REST_OF_LINE}\n`).join("")}${BELOW}`,
      );
    }
    this.#drawn = true;
  }

  /** Leaves the terminal as it was; the last text stays. */
  end(): void {
    if (this.#drawn && this.#out.isTTY === true) this.#out.write(SHOW + WRAP);
  }
}
