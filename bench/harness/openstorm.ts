// Calls of gRPC that begin on a schedule, whatever becomes of those before, each given up at its deadline.
import { type ClientHttp2Session, type ClientHttp2Stream, connect } from "node:http2";
import type { Address } from "../../src/core/address.ts";
import { CALL, message } from "../../test/support/grpc.ts";

const CANCEL = 8;
const BODY = message("{}");

/** How a call ended, and in which millisecond since the storm began it was due. */
export interface Blown {
  readonly dueMs: number;
  /** `0` and other statuses, `0 upstream_timeout` with a reason, or `cancelled`. */
  readonly end: string;
  /** From when it was due to its end. */
  readonly ms: number;
}

export class OpenStorm {
  /** What has ended a connection, or wants to. */
  readonly cut: string[] = [];
  readonly calls: Blown[] = [];
  /** Milliseconds by which the latest call was late. */
  late = 0;
  readonly #sessions: readonly ClientHttp2Session[];
  readonly #deadlineMs: number;
  readonly #waiting: { readonly stream: ClientHttp2Stream; readonly at: number }[] = [];
  #begun = 0;
  #start = 0;

  constructor({ text }: Address, connections: number, deadlineMs: number) {
    this.#deadlineMs = deadlineMs;
    this.#sessions = Array.from({ length: connections }, () => connect(`http://${text}`));
    for (const session of this.#sessions) {
      for (const event of ["goaway", "close", "error"]) {
        session.on(event, (what: unknown) => this.cut.push(`${event} ${String(what ?? "")}`));
      }
    }
  }

  /** `perSecond` calls for `ms`, or until the connections are cut; resolves when all are over. */
  async blow(perSecond: number, ms: number, path = "/call"): Promise<readonly Blown[]> {
    const from = this.calls.length;
    const first = this.#begun;
    const total = (perSecond * ms) / 1000;
    const start = performance.now();
    this.#start = start;
    await new Promise<void>((done) => {
      const timer = setInterval(() => {
        const now = performance.now();
        this.#giveUp(now);
        for (
          let i = this.#begun - first;
          i < Math.min(total, ((now - start) * perSecond) / 1000);
          i++
        ) {
          this.late = Math.max(this.late, now - start - (i * 1000) / perSecond);
          this.#call(path, (i * 1000) / perSecond, now + this.#deadlineMs);
        }
        const over = this.calls.length - from;
        if (over < total && this.cut.length === 0) return;
        clearInterval(timer);
        done();
      }, 1);
    });
    return this.calls.slice(from);
  }

  /** One more stream on the first connection, which takes 16 KiB of 8 MiB every 20 ms; returns how to end it. */
  readSlowly(): () => void {
    const stream = this.#sessions[0]?.request({ ":path": "/app/large" });
    const timer = setInterval(() => stream?.read(16 * 1024), 20);
    stream?.on("error", () => {}).on("close", () => clearInterval(timer));
    return () => stream?.close(CANCEL);
  }

  close(): void {
    for (const session of this.#sessions) session.removeAllListeners("close").destroy();
  }

  #giveUp(now: number): void {
    for (let [next] = this.#waiting; next !== undefined && next.at <= now; [next] = this.#waiting) {
      this.#waiting.shift();
      next.stream.close(CANCEL);
    }
  }

  #call(path: string, dueMs: number, at: number): void {
    const session = this.#sessions[this.#begun++ % this.#sessions.length];
    const timeout = { "grpc-timeout": `${this.#deadlineMs}m` };
    const stream = session?.request({ ...CALL, ...timeout, ":method": "POST", ":path": path });
    if (stream === undefined) return;
    this.#waiting.push({ stream, at });
    let end = "cancelled";
    const hear = (fields: Readonly<Record<string, unknown>>): void => {
      const { "grpc-status": status, "x-tidegate-reason": reason } = fields;
      if (status !== undefined) end = [status, reason].filter(Boolean).join(" ");
    };
    stream
      .on("response", hear)
      .on("trailers", hear)
      .on("error", () => {});
    const due = this.#start + dueMs;
    stream.on("close", () => this.calls.push({ dueMs, end, ms: performance.now() - due }));
    stream.resume();
    stream.end(BODY);
  }
}
