// A client of HTTP/2 for tests: Node's own, with what a stream brought in one object.
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Address } from "../../src/core/address.ts";

/** All that a stream has brought. */
export interface Told {
  /** 0 where no final head came. */
  readonly status: number;
  readonly fields: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly trailers: Readonly<Record<string, string | string[] | undefined>>;
  /** Statuses of the responses that came before. */
  readonly interim: readonly number[];
  /** RFC 9113 7; 0 for an orderly end. */
  readonly code: number;
}

export interface Asked {
  readonly fields?: Readonly<Record<string, string | readonly string[]>>;
  readonly body?: Buffer | string;
  readonly trailers?: Readonly<Record<string, string>>;
}

export class Http2Client {
  readonly session: ClientHttp2Session;

  private constructor(session: ClientHttp2Session) {
    this.session = session;
    session.on("error", () => {});
  }

  static connect(address: Address): Promise<Http2Client> {
    if (address.kind === "unix") throw new Error("this client speaks to ports");
    const session = connect(`http://${address.host}:${address.port}`);
    return new Promise((done, failed) => {
      session.once("error", failed);
      session.once("remoteSettings", () => done(new Http2Client(session)));
    });
  }

  /** Begins a request whose body is the caller's to send. */
  open(path: string, fields: Asked["fields"] = {}): ClientHttp2Stream {
    return this.session.request(
      { ":method": "GET", ":path": path, ":authority": "a.test", ...fields },
      { endStream: false },
    );
  }

  /** Sends a request to its end, and reads what comes. */
  ask(path: string, { fields, body, trailers }: Asked = {}): Promise<Told> {
    const method = body === undefined ? "GET" : "POST";
    const head = { ":method": method, ":path": path, ":authority": "a.test", ...fields };
    const waitForTrailers = trailers !== undefined;
    const endStream = body === undefined && !waitForTrailers;
    const stream = this.session.request(head, { endStream, waitForTrailers });
    stream.on("wantTrailers", () => stream.sendTrailers({ ...trailers }));
    if (!endStream) stream.end(body);
    return tell(stream);
  }

  close(): Promise<void> {
    return new Promise((done) => {
      if (this.session.destroyed) return done();
      this.session.once("close", done);
      this.session.destroy();
    });
  }
}

/** Everything that `stream` brings, once it is over. */
export function tell(stream: ClientHttp2Stream): Promise<Told> {
  const told = { status: 0, fields: {}, trailers: {} };
  const interim: number[] = [];
  const pieces: Buffer[] = [];
  stream.on("headers", (fields) => interim.push(fields[":status"] ?? 0));
  stream.on("response", (fields) => {
    told.status = fields[":status"] ?? 0;
    told.fields = fields;
  });
  stream.on("trailers", (fields) => {
    told.trailers = fields;
  });
  stream.on("data", (piece: Buffer) => pieces.push(piece));
  stream.on("error", () => {});
  return new Promise((done) => {
    stream.on("close", () =>
      done({ ...told, interim, body: Buffer.concat(pieces), code: stream.rstCode ?? 0 }),
    );
  });
}
