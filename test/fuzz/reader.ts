// Our codec as a connection uses it: heads and bodies one after the other, from any pieces.
import type { Framing, Malformed } from "../../src/core/exchange.ts";
import type { Fields } from "../../src/core/fields.ts";
import { BodyReader } from "../../src/http1/body.ts";
import { INCOMPLETE } from "../../src/http1/lines.ts";
import { parseRequest } from "../../src/http1/request.ts";
import { parseResponse } from "../../src/http1/response.ts";
import { Draft, type End, type Transcript } from "./transcript.ts";

/** The limits of a listener by default, but for bodies. */
export const LIMITS = { uriBytes: 8 * 1024, headerBytes: 16 * 1024, headers: 100, bodyBytes: 0 };

interface ParsedHead {
  readonly draft: Draft;
  readonly framing: Framing;
  readonly end: number;
  /** Is it the last message that is looked at? */
  readonly last: boolean;
}

type HeadParser = (text: string) => ParsedHead | Malformed | typeof INCOMPLETE;

/** Reads a stream of requests. */
export function requestReader(): StreamReader {
  return new StreamReader((text) => {
    const parsed = parseRequest(Buffer.from(text, "latin1"), LIMITS);
    if (parsed === INCOMPLETE || "reason" in parsed) return parsed;
    const { head, end, keepAlive } = parsed;
    const line = [head.method, head.target, head.protocol];
    const draft = new Draft(line, pairs(head.fields), keepAlive);
    return { draft, framing: head.framing, end, last: !keepAlive };
  });
}

/** Reads the interim responses and the final one to a request with `method`. */
export function responseReader(method: string): StreamReader {
  return new StreamReader((text) => {
    const parsed = parseResponse(Buffer.from(text, "latin1"), method, LIMITS);
    if (parsed === INCOMPLETE || "reason" in parsed) return parsed;
    const { head, end } = parsed;
    const interim = head.status < 200 && head.status !== 101;
    const line = [String(head.status), head.phrase, text.slice(0, "HTTP/1.1".length)];
    const draft = new Draft(line, pairs(head.fields), head.keepAlive || interim);
    return { draft, framing: head.framing, end, last: !interim };
  });
}

/** Reads messages from pieces of a stream. Throws when it makes no progress. */
export class StreamReader {
  readonly #parse: HeadParser;
  readonly #body = new BodyReader(LIMITS);
  readonly #messages: Draft[] = [];
  #head = "";
  #end: End = "clean";
  #detail = "";
  #last = false;

  constructor(parse: HeadParser) {
    this.#parse = parse;
  }

  get transcript(): Transcript {
    return { messages: this.#messages, end: this.#end, detail: this.#detail };
  }

  get #over(): boolean {
    return this.#end === "refused" || this.#end === "closed";
  }

  feed(piece: Buffer): void {
    let at = 0;
    while (at < piece.length && !this.#over) {
      const next = this.#body.done ? this.#readHead(piece, at) : this.#readBody(piece, at);
      if (next <= at) throw new Error(`no progress at byte ${at} of ${piece.length}`);
      at = next;
    }
  }

  /** The other side sends no more. */
  finish(): void {
    if (this.#body.untilClose) this.#complete(undefined);
  }

  #readHead(piece: Buffer, at: number): number {
    const before = this.#head.length;
    const text = this.#head + piece.toString("latin1", at);
    const parsed = this.#parse(text);
    if (parsed === INCOMPLETE) {
      this.#head = text;
      this.#end = "incomplete";
      return piece.length;
    }
    this.#head = "";
    if ("reason" in parsed) return this.#refuse(parsed, piece);
    this.#messages.push(parsed.draft);
    this.#last = parsed.last;
    this.#end = "incomplete";
    this.#body.start(parsed.framing);
    if (this.#body.done) this.#complete(undefined);
    return at + parsed.end - before;
  }

  #readBody(piece: Buffer, at: number): number {
    const draft = this.#messages.at(-1);
    const end = this.#body.feed(piece, at, {
      onBody: (view) => {
        if (draft !== undefined) draft.body += view.toString("latin1");
      },
      onBodyEnd: (trailers) => this.#complete(trailers),
    });
    return end < 0 ? this.#refuse(this.#body.wrong, piece) : end;
  }

  #complete(trailers: Fields | undefined): void {
    const draft = this.#messages.at(-1);
    if (draft === undefined || draft.complete) throw new Error("a message ended twice");
    draft.complete = true;
    this.#end = this.#last ? "closed" : "clean";
    if (trailers !== undefined) draft.trailers = pairs(trailers);
  }

  #refuse(wrong: Malformed | undefined, piece: Buffer): number {
    if (wrong === undefined) throw new Error("refused without a reason");
    this.#end = "refused";
    this.#detail = `${wrong.status} ${wrong.reason}: ${wrong.detail}`;
    return piece.length;
  }
}

function pairs(fields: Fields): string[] {
  return Array.from({ length: fields.count }, (_, i) => [fields.name(i), fields.value(i)]).flat();
}
