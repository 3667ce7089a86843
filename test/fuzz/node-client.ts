// Responses as the client of node:http reads them, strictly.
import { type ClientRequest, type IncomingMessage, request } from "node:http";
import { endOf } from "./node-server.ts";
import { Draft, type Transcript } from "./transcript.ts";
import { settle, Wire } from "./wire.ts";

/** Far above our own limits, so that Node's are never what refuses a message. */
const OPTIONS = { host: "a.test", maxHeaderSize: 1024 * 1024, insecureHTTPParser: false } as const;

/** What a server sends on a connection before it closes it, and the request that it answers. */
export interface Answer {
  readonly method: string;
  readonly text: string;
}

/** Reads each answer on a connection of its own. */
export async function readAnswers(answers: readonly Answer[]): Promise<Transcript[]> {
  const readings = answers.map((answer) => new Reading(answer));
  await settle();
  return readings.map((reading) => reading.close());
}

class Reading {
  readonly #wire = new Wire();
  readonly #drafts: Draft[] = [];

  constructor({ method, text }: Answer) {
    const headers = { connection: "keep-alive" };
    const createConnection = () => this.#wire;
    const sent = request({ ...OPTIONS, method, headers, createConnection });
    sent.maxHeadersCount = 0;
    sent.on("information", (info) => {
      const line = [`${info.statusCode}`, info.statusMessage, `HTTP/${info.httpVersion}`];
      const draft = new Draft(line, [...info.rawHeaders], true);
      draft.complete = true;
      this.#drafts.push(draft);
    });
    sent.on("response", (response) => this.#follow(response, sent));
    sent.on("upgrade", (response) => {
      const draft = headOf(response, sent);
      draft.complete = true;
      this.#drafts.push(draft);
    });
    sent.on("error", (error) => {
      this.#wire.complaint ||= error.message;
    });
    sent.end();
    this.#wire.push(Buffer.from(text, "latin1"));
    this.#wire.push(null);
  }

  close(): Transcript {
    this.#wire.destroy();
    const detail = this.#wire.complaint;
    const messages = this.#drafts;
    return { messages, end: detail === "" ? endOf(messages) : "refused", detail };
  }

  /** Takes the body where the parser hands it over: what a refused message had is not lost. */
  #follow(response: IncomingMessage, sent: ClientRequest): void {
    const draft = headOf(response, sent);
    this.#drafts.push(draft);
    response.push = (chunk: Buffer | null) => {
      if (chunk !== null) draft.body += chunk.toString("latin1");
      else if (response.complete) {
        draft.complete = true;
        draft.trailers = [...response.rawTrailers];
      }
      return true;
    };
  }
}

function headOf(response: IncomingMessage, sent: ClientRequest): Draft {
  const { statusCode, statusMessage = "", httpVersion, rawHeaders } = response;
  const line = [`${statusCode}`, statusMessage, `HTTP/${httpVersion}`];
  return new Draft(line, [...rawHeaders], sent.shouldKeepAlive);
}
