// The head of a request, in however many packets it comes. The first one may be the preface of HTTP/2: it is
// no head of ours, so it is looked for where a head would be refused, and costs the others nothing.
import type { Malformed } from "../core/exchange.ts";
import { prefaceIn } from "../core/preface.ts";
import { INCOMPLETE } from "./lines.ts";
import { isBlank, type ParsedRequest, parseRequest, type RequestLimits } from "./request.ts";

export class HeadReader {
  readonly #limits: RequestLimits;
  /** What has come of a head whose end has not. */
  #begun: Buffer | undefined;
  /** Has a whole head been read? */
  #known = false;
  /** What the connection has begun with, once that is known to be the preface of HTTP/2. */
  preface: Buffer | undefined;
  readonly #sniffs: boolean;

  /** With `sniffs`, the preface of HTTP/2 is no malformed head. */
  constructor(limits: RequestLimits, sniffs: boolean) {
    this.#limits = limits;
    this.#sniffs = sniffs;
  }

  /** Has a head begun? Empty lines behind a request are not one: old clients end its body with them. */
  get begun(): boolean {
    return this.#begun !== undefined && !(this.#known && isBlank(this.#begun));
  }

  /**
   * Goes on with `bytes`, which may change afterwards; `end` is the place in them. INCOMPLETE with a `preface`
   * asks for somebody who speaks HTTP/2.
   */
  read(bytes: Buffer): ParsedRequest | Malformed | typeof INCOMPLETE {
    const begun = this.#begun;
    if (begun !== undefined) return this.#goOn(begun, bytes);
    const parsed = parseRequest(bytes, this.#limits);
    if (parsed === INCOMPLETE) this.#begun = Buffer.from(bytes);
    else if ("reason" in parsed) return this.#refused(parsed, bytes);
    else this.#known = true;
    return parsed;
  }

  /** What the codec of HTTP/1.1 cannot read: the first time, that may be HTTP/2. */
  #refused(wrong: Malformed, bytes: Buffer): Malformed | typeof INCOMPLETE {
    const preface = this.#sniffs && !this.#known ? prefaceIn(bytes) : "none";
    this.#known = preface === "none";
    if (preface === "none") return wrong;
    this.#begun = Buffer.from(bytes);
    if (preface === "whole") this.preface = this.#begun;
    return INCOMPLETE;
  }

  forget(): void {
    this.#begun = undefined;
  }

  #goOn(begun: Buffer, bytes: Buffer): ParsedRequest | Malformed | typeof INCOMPLETE {
    const whole = Buffer.concat([begun, bytes]);
    const parsed = parseRequest(whole, this.#limits);
    this.#begun = parsed === INCOMPLETE ? whole : undefined;
    if (parsed === INCOMPLETE) return parsed;
    if ("reason" in parsed) return this.#refused(parsed, whole);
    this.#known = true;
    return { ...parsed, end: parsed.end - begun.length };
  }
}
