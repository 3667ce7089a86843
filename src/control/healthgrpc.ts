// grpc.health.v1 on the health listener: Check and Watch, of the same that the pages tell.
// https://github.com/grpc/grpc/blob/master/doc/health-checking.md
import type { IncomingHttpHeaders, ServerHttp2Session, ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import { GRPC_TYPE, isGrpcType } from "../core/grpc.ts";
import { decodeService, encodeStatus, type ServingStatus } from "./healthproto.ts";

/** Whether it is well, by the name of the service that is asked about; undefined of one that there is not. */
export type Wellness = (service: string) => boolean | undefined;

/** Calls `run` every so many milliseconds until what it returns is called. */
export type Every = (ms: number, run: () => void) => () => void;

/** Who watches learns of a change within so long. */
const WATCH_MS = 250;
/** A request names a service; whoever sends more than this asks for something else. */
const REQUEST_BYTES = 1024;
const STREAMS = 16;
/** A connection without calls is closed after so long. */
const SILENCE_MS = 15_000;

const OPTIONS = {
  maxSessionMemory: 1,
  maxHeaderListPairs: 64,
  settings: { maxConcurrentStreams: STREAMS, maxHeaderListSize: 8192, enablePush: false },
};

const UNIMPLEMENTED = { "grpc-status": "12", "grpc-message": "only Check and Watch are served" };
const TOO_LONG = { "grpc-status": "3", "grpc-message": "not a HealthCheckRequest" };
const NOT_FOUND = { "grpc-status": "5", "grpc-message": "no such service" };

interface Watcher {
  readonly stream: ServerHttp2Stream;
  readonly service: string;
  told: ServingStatus;
}

export class HealthCalls {
  readonly #well: Wellness;
  readonly #every: Every;
  readonly #sessions = new Set<ServerHttp2Session>();
  readonly #watchers = new Set<Watcher>();
  #stop: (() => void) | undefined;

  constructor(well: Wellness, every: Every) {
    this.#well = well;
    this.#every = every;
  }

  /** `socket` speaks HTTP/2; `busy` hears whether somebody waits for something on it. */
  accept(socket: Socket, busy: (waits: boolean) => void): void {
    // Most sidecars are never asked this way, and the module takes 15 MiB.
    const { performServerHandshake } = process.getBuiltinModule("node:http2");
    const session = performServerHandshake(socket, OPTIONS);
    let open = 0;
    this.#sessions.add(session);
    session.on("error", () => {});
    session.on("close", () => this.#sessions.delete(session));
    session.setTimeout(SILENCE_MS, () => {
      if (open === 0) session.destroy();
    });
    session.on("stream", (stream, headers) => {
      busy(++open > 0);
      stream.on("error", () => {});
      stream.on("close", () => busy(--open > 0));
      this.#begin(stream, headers);
    });
  }

  close(): void {
    for (const session of this.#sessions) session.destroy();
  }

  #begin(stream: ServerHttp2Stream, headers: IncomingHttpHeaders): void {
    const path = headers[":path"];
    if (!isGrpcType(headers["content-type"])) return refuse(stream, 415, {});
    const answer = path === undefined ? undefined : this.#methods[path];
    if (headers[":method"] !== "POST" || answer === undefined) {
      return refuse(stream, 200, UNIMPLEMENTED);
    }
    const pieces: Buffer[] = [];
    let length = 0;
    stream.on("data", (piece: Buffer) => {
      length += piece.length;
      if (length <= REQUEST_BYTES) pieces.push(piece);
      else if (!stream.headersSent) refuse(stream, 200, TOO_LONG);
    });
    stream.on("end", () => {
      if (stream.headersSent || stream.destroyed) return;
      const service = decodeService(Buffer.concat(pieces));
      if (service === undefined) refuse(stream, 200, TOO_LONG);
      else answer(stream, service);
    });
  }

  readonly #methods: Readonly<
    Record<string, (stream: ServerHttp2Stream, service: string) => void>
  > = {
    "/grpc.health.v1.Health/Check": (stream, service) => {
      const status = this.#status(service);
      if (status === "SERVICE_UNKNOWN") return refuse(stream, 200, NOT_FOUND);
      begin(stream);
      stream.end(encodeStatus(status));
    },
    "/grpc.health.v1.Health/Watch": (stream, service) => {
      const watcher: Watcher = { stream, service, told: this.#status(service) };
      begin(stream);
      stream.write(encodeStatus(watcher.told));
      this.#watchers.add(watcher);
      this.#stop ??= this.#every(WATCH_MS, () => this.#look());
      stream.on("close", () => this.#left(watcher));
    },
  };

  #status(service: string): ServingStatus {
    const well = this.#well(service);
    return well === undefined ? "SERVICE_UNKNOWN" : well ? "SERVING" : "NOT_SERVING";
  }

  /** Tells those who watch what has changed. Who does not read is told the last of it. */
  #look(): void {
    for (const watcher of this.#watchers) {
      const status = this.#status(watcher.service);
      if (status === watcher.told || watcher.stream.writableNeedDrain) continue;
      watcher.told = status;
      watcher.stream.write(encodeStatus(status));
    }
  }

  #left(watcher: Watcher): void {
    this.#watchers.delete(watcher);
    if (this.#watchers.size > 0) return;
    this.#stop?.();
    this.#stop = undefined;
  }
}

function refuse(stream: ServerHttp2Stream, status: number, fields: Record<string, string>): void {
  stream.resume();
  stream.respond({ ":status": status, "content-type": GRPC_TYPE, ...fields }, { endStream: true });
}

function begin(stream: ServerHttp2Stream): void {
  stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.respond({ ":status": 200, "content-type": GRPC_TYPE }, { waitForTrailers: true });
}
