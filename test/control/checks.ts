// A checker whose time is the test's to pass, the servers that it asks, and who listens to it.
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import {
  createServer as createH2,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Stream,
} from "node:http2";
import { createServer as createTcp, type Server, type Socket } from "node:net";
import type { Test } from "tap";
import type { CheckObserver, CheckTarget, ProbeResult } from "../../src/control/checked.ts";
import { Checker } from "../../src/control/checker.ts";
import type { Check, HttpCheck } from "../../src/control/probe.ts";
import { type Address, parseAddress, tcpAddress } from "../../src/core/address.ts";
import { HandClock } from "../http1/endpoint.ts";
import { Bell } from "../support/bell.ts";

export const TCP: Check = { kind: "tcp" };

export const HTTP: HttpCheck = {
  kind: "http",
  path: "/healthz",
  method: "GET",
  headers: {},
  statuses: [{ from: 200, to: 299 }],
  body: undefined,
};

/** How `address` is to be asked: every 2 s, for 1 s at most, in the cluster `app`. */
export function target(
  address: Address,
  check: Check = TCP,
  settings: Partial<CheckTarget["healthCheck"]> = {},
): CheckTarget {
  const usual = { check, interval: 2000, timeout: 1000, fall: 3, rise: 2 };
  return { cluster: "app", address, healthCheck: { ...usual, ...settings } };
}

/** A checker, and everything that it said. */
export class Bench implements CheckObserver {
  readonly clock = new HandClock();
  readonly bell = new Bell();
  readonly results: (ProbeResult & { readonly of: string })[] = [];
  /** Each as `<address> <state>: <reason of the change>, <reason of the probe>`. */
  readonly changes: string[] = [];
  readonly checker: Checker;

  constructor(t: Test) {
    const random = { next: () => 0, id: () => "" };
    const bug = (error: unknown): unknown => t.fail(String(error));
    const { wheel } = this.clock;
    this.checker = new Checker({ clock: this.clock, wheel, random, observer: this, bug });
    t.teardown(() => this.checker.stop());
  }

  probed({ address }: CheckTarget, result: ProbeResult): void {
    this.results.push({ ...result, of: address.text });
    this.bell.ring();
  }

  changed(
    { address }: CheckTarget,
    change: { to: string; reason: string },
    why: ProbeResult,
  ): void {
    this.changes.push(`${address.text} ${change.to}: ${change.reason}, ${why.reason}`);
  }

  dropped({ address }: CheckTarget): void {
    this.changes.push(`${address.text} dropped`);
  }

  pass(ms: number): void {
    this.clock.pass(ms);
  }

  /** The result number `count`, the first being 1. */
  async result(count: number): Promise<ProbeResult> {
    await this.bell.until(() => this.results.length >= count);
    const result = this.results[count - 1];
    if (result === undefined) throw new Error("no such result");
    return result;
  }

  /** Lets `ms` pass, in which one more probe is due, and waits for its result. */
  async next(ms: number): Promise<ProbeResult> {
    const { length } = this.results;
    this.pass(ms);
    return this.result(length + 1);
  }

  /** What the first probe of `address` ends with. */
  async ask(address: Address, check: Check): Promise<ProbeResult> {
    void this.checker.start([target(address, check)]);
    return this.next(1);
  }
}

/** A server, its address and its connections. */
export class Place {
  readonly address: Address;
  readonly bell: Bell;
  readonly sockets: Socket[];
  readonly #server: Server | Http2Server;

  private constructor(server: Server | Http2Server, at: Address, sockets: Socket[], bell: Bell) {
    this.#server = server;
    this.address = at;
    this.sockets = sockets;
    this.bell = bell;
  }

  static async open(t: Test, server: Server | Http2Server, path?: string): Promise<Place> {
    const bell = new Bell();
    const sockets: Socket[] = [];
    server.on("connection", (socket: Socket) => {
      sockets.push(socket);
      socket.on("error", () => {});
      socket.on("close", () => bell.ring());
      bell.ring();
    });
    server.listen(path === undefined ? { port: 0, host: "127.0.0.1" } : { path });
    await once(server, "listening");
    const bound = server.address();
    const address =
      bound !== null && typeof bound === "object"
        ? tcpAddress("127.0.0.1", bound.port)
        : parseAddress(`unix:${path}`);
    if (address === undefined) throw new Error("it listens nowhere");
    const place = new Place(server, address, sockets, bell);
    t.teardown(() => place.close());
    return place;
  }

  /** Connections that are open. */
  get open(): number {
    return this.sockets.filter((socket) => !socket.destroyed).length;
  }

  /** Resolves when nobody is connected, after `count` connections. */
  left(count = 1): Promise<void> {
    return this.bell.until(() => this.sockets.length >= count && this.open === 0);
  }

  async close(): Promise<void> {
    if (!this.#server.listening) return;
    for (const socket of this.sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, "close");
  }
}

export function http(t: Test, answer: RequestListener, path?: string): Promise<Place> {
  return Place.open(t, createServer(answer), path);
}

/** Accepts, and says nothing. */
export function mute(t: Test, path?: string): Promise<Place> {
  return Place.open(
    t,
    createTcp(() => {}).on("connection", (socket) => socket.resume()),
    path,
  );
}

/** Calls `answer` with each stream and the headers that it began with. */
export function h2(
  t: Test,
  answer: (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => void,
): Promise<Place> {
  const server = createH2();
  server.on("stream", (stream: ServerHttp2Stream, headers: IncomingHttpHeaders) => {
    stream.on("error", () => {});
    answer(stream, headers);
  });
  return Place.open(t, server);
}
