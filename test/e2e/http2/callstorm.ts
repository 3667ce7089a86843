// Calls of gRPC on one connection, so many at a time, each of which is given up at its deadline.
import { type ClientHttp2Session, connect } from "node:http2";
import type { Address } from "../../../src/core/address.ts";
import { CALL } from "../../support/grpc.ts";
import { encode, PACKAGE } from "./calls.ts";

const CANCELLED = "cancelled";

export class CallStorm {
  /** What ended the connection, or wants to. */
  readonly cut: string[] = [];
  begun = 0;
  over = 0;
  /** By grpc-message; those that the client gave up are under `cancelled`. */
  readonly ends: Record<string, number> = {};
  readonly #session: ClientHttp2Session;
  readonly #deadlineMs: number;

  constructor({ text }: Address, deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
    this.#session = connect(`http://${text}`);
    for (const event of ["goaway", "close", "error"]) {
      this.#session.on(event, (what: unknown) => this.cut.push(`${event} ${String(what ?? "")}`));
    }
  }

  /** `total` calls to a service that sleeps, `width` at a time; resolves when all are over, or the connection. */
  async blow(total: number, width: number): Promise<void> {
    const lane = async (): Promise<void> => {
      while (this.begun < total && this.cut.length === 0) await this.#call();
    };
    await Promise.all(Array.from({ length: width }, lane));
  }

  close(): void {
    this.#session.destroy();
  }

  #call(): Promise<void> {
    const fields = { ...CALL, ":method": "POST", ":path": `${PACKAGE}Unary` };
    const body = encode({ sleeps: true });
    const stream = this.#session.request(
      { ...fields, "grpc-timeout": `${this.#deadlineMs}m` },
      { signal: AbortSignal.timeout(this.#deadlineMs) },
    );
    let end = CANCELLED;
    this.begun++;
    stream.on("response", (head) => {
      end = String(head["grpc-message"] ?? end);
    });
    stream.on("error", () => {});
    stream.resume();
    stream.end(Buffer.concat([Buffer.from([0, 0, 0, 0, body.length]), body]));
    return new Promise((done) => {
      stream.on("close", () => {
        this.over++;
        this.ends[end] = (this.ends[end] ?? 0) + 1;
        done();
      });
    });
  }
}
