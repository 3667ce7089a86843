// Some of many, evenly: each takes the next term of a sequence that fills [0, 1) as evenly as one can.
//
//   u <- (u + 0.618...) mod 1      the golden ratio: Weyl's sequence with the least discrepancy
//
// Of any n in a row, a share p of them is below p, give or take one or two; no chance is needed.

const GOLDEN = 0.6180339887498949;

export class Spread {
  #last = 0;

  /** The next number in [0, 1). */
  next(): number {
    this.#last = (this.#last + GOLDEN) % 1;
    return this.#last;
  }
}
