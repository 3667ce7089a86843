// The head of a request, in however many packets it comes.
import type { Malformed } from "../core/exchange.ts";
import { INCOMPLETE } from "./lines.ts";
import { isBlank, type ParsedRequest, parseRequest, type RequestLimits } from "./request.ts";

export class HeadReader {
  readonly #limits: RequestLimits;
  /** What has come of a head whose end has not. */
  #begun: Buffer | undefined;
  /** Has a whole head been read? */
  #known = false;

  constructor(limits: RequestLimits) {
    this.#limits = limits;
  }

  /** Has a head begun? Empty lines behind a request are not one: old clients end its body with them. */
  get begun(): boolean {
    return this.#begun !== undefined && !(this.#known && isBlank(this.#begun));
  }

  /** Goes on with `bytes`, which may change afterwards; `end` is the place in them. */
  read(bytes: Buffer): ParsedRequest | Malformed | typeof INCOMPLETE {
    const begun = this.#begun;
    if (begun !== undefined) return this.#goOn(begun, bytes);
    const parsed = parseRequest(bytes, this.#limits);
    if (parsed === INCOMPLETE) this.#begun = Buffer.from(bytes);
    else this.#known = true;
    return parsed;
  }

  forget(): void {
    this.#begun = undefined;
  }

  #goOn(begun: Buffer, bytes: Buffer): ParsedRequest | Malformed | typeof INCOMPLETE {
    const whole = Buffer.concat([begun, bytes]);
    const parsed = parseRequest(whole, this.#limits);
    this.#begun = parsed === INCOMPLETE ? whole : undefined;
    if (parsed === INCOMPLETE) return parsed;
    this.#known = true;
    return "head" in parsed ? { ...parsed, end: parsed.end - begun.length } : parsed;
  }
}
