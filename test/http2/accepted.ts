// A client's connection of HTTP/2 on loopback, and a service behind it that does as it is told; the time is the
// test's to pass.
import net from "node:net";
import type { Test } from "tap";
import { type Address, tcpAddress } from "../../src/core/address.ts";
import { systemRandom } from "../../src/core/clock.ts";
import type { Exchange, Malformed } from "../../src/core/exchange.ts";
import type { ServerLimits } from "../../src/http1/settings.ts";
import type { Flood } from "../../src/http2/floods.ts";
import { StreamConnection } from "../../src/http2/server.ts";
import type { StreamSettings } from "../../src/http2/settings.ts";
import { NO_CONTENT } from "../http1/accepted.ts";
import { HandClock } from "../http1/endpoint.ts";
import { Bell } from "../support/bell.ts";
import { Http2Client } from "../support/http2.ts";

const LIMITS: ServerLimits = {
  ...{ uriBytes: 8192, headerBytes: 16_384, headers: 100, bodyBytes: 0 },
  ...{ idle: 60_000, headTimeout: 10_000, bodyIdle: 30_000, bodyRateBytes: 240 },
  tunnelIdle: 60_000,
};
const HTTP2 = {
  ...{ streams: 100, streamWindow: 256 * 1024, connectionWindow: 1024 * 1024 },
  ...{ prematureResets: 250, resetsPerSecond: 100, controlFrames: 1000, extendedConnect: false },
};
const PEER = { address: "127.0.0.1", trusted: false };

export class AcceptedStreams {
  readonly clock = new HandClock();
  readonly bell = new Bell();
  readonly exchanges: Exchange[] = [];
  readonly refusals: Malformed[] = [];
  readonly floods: (Flood | undefined)[] = [];
  readonly connections = new Set<StreamConnection>();
  readonly #server: net.Server;

  private constructor(serve: (exchange: Exchange) => void, limits: Partial<ServerLimits>) {
    const settings: StreamSettings = {
      ...{ limits: { ...LIMITS, ...limits }, http2: HTTP2, random: systemRandom },
      ...{ clock: this.clock, wheel: this.clock.wheel },
      draining: () => false,
      serve: (exchange) => {
        this.exchanges.push(exchange);
        serve(exchange);
        this.bell.ring();
      },
      refusal: (wrong) => {
        this.refusals.push(wrong);
        return { reply: { ...NO_CONTENT, status: wrong.status }, body: "" };
      },
      broken: (_detail, _peer, flood) => {
        this.floods.push(flood);
        this.bell.ring();
      },
    };
    this.#server = net.createServer({ noDelay: true }, (socket) => {
      const gone = (connection: StreamConnection): void => {
        this.connections.delete(connection);
        this.bell.ring();
      };
      this.connections.add(new StreamConnection(socket, PEER, settings, gone));
    });
  }

  /** Listens until the test is over. */
  static async listen(
    t: Test,
    serve: (exchange: Exchange) => void,
    limits: Partial<ServerLimits> = {},
  ): Promise<AcceptedStreams> {
    const accepted = new AcceptedStreams(serve, limits);
    const server = accepted.#server;
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    t.teardown(() => {
      for (const connection of accepted.connections) connection.cut();
      server.close();
    });
    return accepted;
  }

  get address(): Address {
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") throw new Error("the server does not listen");
    return tcpAddress(bound.address, bound.port);
  }

  /** A client, closed when the test is over. */
  async connect(t: Test): Promise<Http2Client> {
    const client = await Http2Client.connect(this.address);
    t.teardown(() => client.close());
    return client;
  }

  /** Lets a millisecond pass with each turn of the loop until `promise` is settled: some steps wait for a tick. */
  async during<T>(promise: Promise<T>): Promise<T> {
    let over = false;
    const end = (): void => {
      over = true;
    };
    promise.then(end, end);
    while (!over) {
      this.clock.pass(1);
      await new Promise((next) => setImmediate(next));
    }
    return promise;
  }

  /** Lets time pass, in steps between which the loop turns, until `holds`. */
  async passUntil(holds: () => boolean): Promise<number> {
    const since = this.clock.now();
    while (!holds()) {
      this.clock.pass(100);
      await new Promise((next) => setImmediate(next));
    }
    return this.clock.now() - since;
  }
}
