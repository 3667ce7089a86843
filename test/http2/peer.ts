// A pool of sessions towards an endpoint, and the endpoint: Node's own server, or one that sends frames. The time
// is the test's to pass.
import {
  createServer,
  type Http2Server,
  type ServerHttp2Session,
  type ServerHttp2Stream,
  type Settings,
} from "node:http2";
import type { Test } from "tap";
import { type Address, tcpAddress } from "../../src/core/address.ts";
import { SessionPool, type SessionPoolSettings } from "../../src/http2/clientpool.ts";
import type { ClientStream } from "../../src/http2/clientstream.ts";
import { PLAIN } from "../../src/http2/dial.ts";
import { HandClock, Listener } from "../http1/endpoint.ts";
import { Bell } from "../support/bell.ts";
import { FramePeer, type FrameScript } from "../support/framepeer.ts";

export type Wanted = Partial<SessionPoolSettings>;

/** A pool towards `address`, in the hands of a test. */
export class PoolBench {
  readonly clock = new HandClock();
  readonly pool: SessionPool;

  constructor(address: Address, wanted: Wanted = {}) {
    const { wheel } = this.clock;
    const times = { connectTimeout: 500, idle: 4000, now: () => this.clock.now() };
    const sizes = { max: 10, responseHeaderBytes: 64 * 1024 };
    this.pool = new SessionPool({ address, wheel, way: PLAIN, ...sizes, ...times, ...wanted });
  }

  take(): ClientStream {
    const stream = this.pool.take();
    if (stream === undefined) throw new Error("the pool is full");
    return stream;
  }

  /** Sends a request without a body, and listens. */
  get(stream = this.take(), method = "GET", more = ""): Listener {
    const listener = new Listener();
    const text = `${method} /path HTTP/1.1\r\nhost: a.test\r\n${more}\r\n`;
    stream.send(text, method, undefined, listener);
    return listener;
  }

  /** Begins a request whose body the test will send. */
  post(stream = this.take(), chunked = true): Listener {
    const listener = new Listener();
    const framing = chunked ? "transfer-encoding: chunked\r\n" : "content-length: 5\r\n";
    stream.send(`POST / HTTP/1.1\r\nhost: a.test\r\n${framing}\r\n`, "POST", chunked, listener);
    return listener;
  }
}

/** Node's own server. */
export class NodePeer {
  readonly server: Http2Server;
  readonly address: Address;
  readonly bell = new Bell();
  readonly sessions: ServerHttp2Session[] = [];

  private constructor(server: Http2Server, address: Address) {
    this.server = server;
    this.address = address;
    server.on("session", (session) => {
      this.sessions.push(session);
      session.on("close", () => this.bell.ring());
      session.on("error", () => {});
      this.bell.ring();
    });
  }

  static async listen(
    serve: (stream: ServerHttp2Stream, raw: readonly string[]) => void,
    settings: Settings = {},
  ): Promise<NodePeer> {
    // A flood of resets must not make it end the session; it goes on counting the memory of streams that were reset.
    const flood = { streamResetBurst: 1e6, streamResetRate: 1e6, maxSessionMemory: 1000 };
    const server = createServer({ settings, ...flood });
    server.on("stream", (stream: ServerHttp2Stream, _headers, _flags, raw: string[]) => {
      stream.on("error", () => {});
      serve(stream, raw);
    });
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    const bound = server.address();
    if (bound === null || typeof bound !== "object") throw new Error("it listens nowhere");
    return new NodePeer(server, tcpAddress(bound.address, bound.port));
  }

  async close(): Promise<void> {
    for (const session of this.sessions) session.destroy();
    await new Promise((done) => this.server.close(done));
  }
}

/** A pool and Node's server, closed when the test is over. */
export async function nodeBench(
  t: Test,
  serve: (stream: ServerHttp2Stream, raw: readonly string[]) => void,
  { settings = {}, ...wanted }: Wanted & { settings?: Settings } = {},
): Promise<{ bench: PoolBench; peer: NodePeer }> {
  const peer = await NodePeer.listen(serve, settings);
  const bench = new PoolBench(peer.address, wanted);
  t.teardown(async () => {
    bench.pool.destroy();
    await peer.close();
  });
  return { bench, peer };
}

/** A pool and an endpoint that sends frames. */
export async function frameBench(
  t: Test,
  script: FrameScript,
  wanted: Wanted = {},
): Promise<{ bench: PoolBench; peer: FramePeer }> {
  const peer = await FramePeer.listen(script);
  const bench = new PoolBench(peer.address, wanted);
  t.teardown(async () => {
    bench.pool.destroy();
    await peer.close();
  });
  return { bench, peer };
}
