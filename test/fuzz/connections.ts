// Streams through our real connections on loopback: what comes out behind them.
import net from "node:net";
import { tcpAddress } from "../../src/core/address.ts";
import type { Exchange, Malformed, Peer } from "../../src/core/exchange.ts";
import type { Fields } from "../../src/core/fields.ts";
import { ServerConnection } from "../../src/http1/server.ts";
import type { ServerSettings } from "../../src/http1/settings.ts";
import { HandClock } from "../http1/endpoint.ts";
import { RawClient } from "../support/client.ts";
import { LIMITS } from "./reader.ts";

/** A request that arrived whole: method, target, fields, body and trailers. */
export type Arrival = readonly [method: string, target: string, fields: string[], body: string];

const PEER: Peer = { address: "127.0.0.1", trusted: false };
const TIMES = { idle: 1e6, headTimeout: 1e6, bodyIdle: 1e6, bodyRateBytes: 0, tunnelIdle: 1e6 };
const REPLY = { status: 204, phrase: "No Content", fields: "", framing: { kind: "none" } } as const;

/** A listener whose service notes what arrives, and answers 204. */
export class NotingServer {
  readonly #server: net.Server;
  readonly #arrivals: Arrival[] = [];
  readonly #refusals: Malformed[] = [];

  private constructor() {
    const clock = new HandClock();
    const settings: ServerSettings = {
      limits: { ...LIMITS, ...TIMES },
      clock,
      wheel: clock.wheel,
      draining: () => false,
      serve: (exchange) => this.#serve(exchange),
      refuse: (wrong) => this.#refuse(wrong),
    };
    this.#server = net.createServer({ pauseOnConnect: true, noDelay: true }, (socket) => {
      new ServerConnection(socket, PEER, settings, () => {});
    });
  }

  static async listen(): Promise<NotingServer> {
    const server = new NotingServer();
    await new Promise<void>((done) => server.#server.listen(0, "127.0.0.1", done));
    return server;
  }

  /** Sends the pieces, waits for `answers` answers, and says what arrived and whether more was refused. */
  async send(pieces: readonly Buffer[], answers: number): Promise<readonly [Arrival[], string]> {
    this.#arrivals.length = 0;
    this.#refusals.length = 0;
    const client = await RawClient.connect(this.#address());
    for (const piece of pieces) {
      if (client.closed) break;
      await client.written(piece);
      for (let turns = 0; turns < 2; turns++) await new Promise((next) => setImmediate(next));
    }
    const answered = () =>
      client.received.bytes().toString("latin1").split("HTTP/1.1 204").length - 1;
    await client.bell.until(() => client.closed || client.ended || answered() >= answers);
    client.finish();
    await client.bell.until(() => client.closed);
    return [[...this.#arrivals], this.#refusals.map(({ detail }) => detail).join()];
  }

  async close(): Promise<void> {
    await new Promise((done) => this.#server.close(done));
  }

  #address() {
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") throw new Error("the server does not listen");
    return tcpAddress(bound.address, bound.port);
  }

  #refuse(wrong: Malformed): string {
    this.#refusals.push(wrong);
    return `HTTP/1.1 ${wrong.status} Refused\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`;
  }

  #serve(exchange: Exchange): void {
    const { method, target, fields } = exchange.request;
    let body = "";
    const sink = {
      write: (view: Buffer) => {
        body += view.toString("latin1");
        return true;
      },
      end: () => {
        this.#arrivals.push([method, target, pairs(fields), body]);
        exchange.respond({ ...REPLY, close: false }, "", "");
        exchange.settled();
      },
    };
    exchange.listener = {
      onGone: () => {
        const { wrong } = exchange;
        if (wrong === undefined) return;
        this.#refusals.push(wrong);
        const head = { ...REPLY, status: wrong.status, phrase: "Refused", close: true };
        exchange.respond(head, "", "");
      },
      onDeadline: () => {},
      onResponseDrain: () => {},
      onBodyBlocked: () => {},
    };
    exchange.sendBody(sink);
  }
}

function pairs(fields: Fields): string[] {
  return Array.from({ length: fields.count }, (_, i) => [fields.name(i), fields.value(i)]).flat();
}
