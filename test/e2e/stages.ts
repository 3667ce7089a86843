// Streams of HTTP/2 that are given up at every stage, by the client, by the service (stageservice.ts) and by
// their deadline, many at a time on one connection.
import { type ClientHttp2Session, type ClientHttp2Stream, connect, constants } from "node:http2";
import type { Address } from "../../src/core/address.ts";
import { CALL } from "../support/grpc.ts";

const CANCEL = constants.NGHTTP2_CANCEL;
const { NGHTTP2_INTERNAL_ERROR: BROKEN, NGHTTP2_ENHANCE_YOUR_CALM: CALM } = constants;

/** One way to an end. */
interface Stage {
  readonly path: string;
  readonly fields?: Readonly<Record<string, string>>;
  /** What is sent of a body that never ends; undefined where there is none. */
  readonly body?: string;
  /** What the client gives up at; undefined where it waits for the stream's end. */
  readonly until?: "at once" | "sent" | "headers" | "response" | "data" | "end";
  /** Does the client read no body? */
  readonly deaf?: boolean;
}

/** All of them. */
export const STAGES: Readonly<Record<string, Stage>> = {
  "before the head": { path: "/interim", until: "at once" },
  "in the turn after the head": { path: "/interim", until: "sent" },
  "after the head": { path: "/interim", until: "headers" },
  "in the body": { path: "/interim", body: "x".repeat(3000), until: "headers" },
  "after the response head": { path: "/head", until: "response" },
  "after it, in the body": { path: "/head", body: "x", until: "response" },
  "in the response": { path: "/body", until: "data" },
  "with a full window": { path: "/large", deaf: true, until: "response" },
  "in a response that has gone": { path: "/large", until: "data" },
  "after the trailers": {
    ...{ path: "/trailed", body: "x", until: "end" },
    fields: { te: "trailers" },
  },
  "by the deadline": {
    ...{ path: "/interim", body: "x" },
    fields: { ":method": "POST", ...CALL, "grpc-timeout": "20m" },
  },
  "by the service, before the head": { path: `/reset/interim/${CANCEL}` },
  "by the service, after the head": { path: `/reset/head/${BROKEN}` },
  "by the service, in the body": { path: `/reset/body/${CALM}`, body: "x" },
};

const NAMES = Object.keys(STAGES);

/** One connection. */
export class StageClient {
  /** What has ended it, or wants to. */
  readonly cut: string[] = [];
  begun = 0;
  over = 0;
  readonly #session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.#session = session;
    for (const event of ["goaway", "close", "error"]) {
      session.on(event, (what: unknown) => this.cut.push(`${event} ${String(what ?? "")}`));
    }
  }

  static connect({ text }: Address): Promise<StageClient> {
    const session = connect(`http://${text}`);
    return new Promise((done, failed) => {
      session.once("error", failed);
      session.once("remoteSettings", () => done(new StageClient(session)));
    });
  }

  /** `total` more streams of all stages in turn, `width` at a time; ends with the connection. */
  async blow(total: number, width: number): Promise<void> {
    const last = this.begun + total;
    const lane = async (): Promise<void> => {
      while (this.begun < last && this.cut.length === 0) {
        await this.end(NAMES[this.begun++ % NAMES.length] as string);
        this.over++;
      }
    };
    await Promise.all(Array.from({ length: width }, lane));
  }

  /** One stream, to the end of the stage; resolves when it is closed, with the code of its reset. */
  end(name: string): Promise<number> {
    const stage = STAGES[name];
    if (stage === undefined) throw new Error(`there is no stage ${name}`);
    const head = { ":method": "GET", ":authority": "a.test", ...stage.fields, ":path": stage.path };
    const stream = this.#session.request(head, { endStream: stage.body === undefined });
    if (stage.body !== undefined) stream.write(stage.body);
    stream.on("error", () => {});
    if (stage.deaf !== true) stream.resume();
    giveUp(stream, stage.until);
    return new Promise((done) => stream.on("close", () => done(stream.rstCode ?? 0)));
  }

  /** From now on the service answers no call, or does again. */
  async stick(stuck: boolean): Promise<void> {
    const stream = this.#session.request({ ":path": `/stuck/${stuck ? "yes" : "no"}` });
    await stream.toArray();
  }

  /** How much of `bytes` sent to the service was counted there. */
  async upload(bytes: number): Promise<number> {
    const head = { ":method": "POST", ":path": "/length" };
    const stream = this.#session.request(head);
    stream.end(Buffer.alloc(bytes));
    return Number(Buffer.concat(await stream.toArray()));
  }

  /** How long the large response was. */
  async download(): Promise<number> {
    let length = 0;
    const stream = this.#session.request({ ":path": "/large" });
    for await (const piece of stream) length += piece.length;
    return length;
  }

  close(): void {
    this.#session.destroy();
  }
}

function giveUp(stream: ClientHttp2Stream, until: Stage["until"]): void {
  const close = (): void => stream.close(CANCEL);
  if (until === "at once") close();
  else if (until === "sent") setImmediate(close);
  else if (until !== undefined) stream.once(until, close);
}
