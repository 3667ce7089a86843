// A client's connection on loopback, and a service behind it that does as it is told; the time is the
// test's to pass.
import net from "node:net";
import type { Test } from "tap";
import { tcpAddress } from "../../src/core/address.ts";
import type { Exchange, ExchangeListener, Malformed } from "../../src/core/exchange.ts";
import { ServerConnection } from "../../src/http1/server.ts";
import type { ServerLimits, ServerSettings } from "../../src/http1/settings.ts";
import { Bell } from "../support/bell.ts";
import { RawClient } from "../support/client.ts";
import { HandClock } from "./endpoint.ts";

const LIMITS: ServerLimits = {
  ...{ uriBytes: 8192, headerBytes: 16_384, headers: 100, bodyBytes: 0 },
  ...{ idle: 60_000, headTimeout: 10_000, bodyIdle: 30_000, bodyRateBytes: 240 },
  tunnelIdle: 60_000,
};

/** An answer without a body. */
export const NO_CONTENT = {
  ...{ status: 204, phrase: "No Content", fields: "", close: false },
  framing: { kind: "none" },
} as const;

/** Listens to an exchange, and does nothing. */
export const DEAF: ExchangeListener = {
  onGone() {},
  onDeadline() {},
  onResponseDrain() {},
  onBodyBlocked() {},
};

export class Accepted {
  readonly clock = new HandClock();
  readonly bell = new Bell();
  readonly exchanges: Exchange[] = [];
  readonly refusals: Malformed[] = [];
  readonly bugs: unknown[] = [];
  readonly connections = new Set<ServerConnection>();
  readonly #server: net.Server;

  private constructor(serve: (exchange: Exchange) => void, limits: Partial<ServerLimits>) {
    const settings: ServerSettings = {
      limits: { ...LIMITS, ...limits },
      clock: this.clock,
      wheel: this.clock.wheel,
      draining: () => false,
      serve: (exchange) => {
        this.exchanges.push(exchange);
        this.bell.ring();
        serve(exchange);
      },
      refuse: (wrong) => {
        this.refusals.push(wrong);
        return `HTTP/1.1 ${wrong.status} Refused\r\nContent-Length: 0\r\nConnection: close\r\n\r\n`;
      },
    };
    this.#server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      const gone = (connection: ServerConnection): void => {
        this.connections.delete(connection);
        this.bell.ring();
      };
      this.connections.add(new ServerConnection(socket, PEER, settings, gone));
      this.bell.ring();
    });
  }

  /** Listens until the test is over. */
  static async listen(
    t: Test,
    serve: (exchange: Exchange) => void,
    limits: Partial<ServerLimits> = {},
  ): Promise<Accepted> {
    const accepted = new Accepted(serve, limits);
    const server = accepted.#server;
    await new Promise<void>((done) => server.listen(0, "127.0.0.1", done));
    t.teardown(() => {
      for (const connection of accepted.connections) connection.cut();
      server.close();
    });
    return accepted;
  }

  connect(): Promise<RawClient> {
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") throw new Error("the server does not listen");
    return RawClient.connect(tcpAddress(bound.address, bound.port));
  }
}

const PEER = { address: "127.0.0.1", trusted: false };

/** Answers 204 to everything. */
export function answer(exchange: Exchange): void {
  exchange.respond(NO_CONTENT, "", "");
  exchange.settled();
}
