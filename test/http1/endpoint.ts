// An endpoint, a connection or a pool towards it, and whoever listens to what comes back; the time is
// the test's to pass.
import type { Test } from "tap";
import type { Address } from "../../src/core/address.ts";
import type { Clock } from "../../src/core/clock.ts";
import type { AttemptFailure, ResponseHead, ResponseReceiver } from "../../src/core/exchange.ts";
import type { Fields } from "../../src/core/fields.ts";
import { Wheel } from "../../src/core/wheel.ts";
import type { ClientConnection } from "../../src/http1/client.ts";
import { Pool, type PoolSettings } from "../../src/http1/pool.ts";
import { Bell } from "../support/bell.ts";
import { type Link, type Script, Upstream } from "../support/upstream.ts";

/** A clock that stands still until it is told to go on. */
const STEP_MS = 50;

export class HandClock implements Clock {
  #now = 1000;
  readonly wheel: Wheel = new Wheel(this, 1);

  now(): number {
    return this.#now;
  }

  wall(): number {
    return this.#now;
  }

  /** Lets `ms` milliseconds pass, and fires what is due; more than a few at once would be a stall. */
  pass(ms: number): void {
    for (let left = ms; left > 0; left -= STEP_MS) this.stall(Math.min(left, STEP_MS));
  }

  /** Nothing is looked at for so long. */
  stall(ms: number): void {
    this.#now += ms;
    this.wheel.advance();
  }
}

/** Writes down what a connection says. */
export class Listener implements ResponseReceiver {
  readonly bell = new Bell();
  readonly interims: number[] = [];
  head: ResponseHead | undefined;
  body = "";
  pieces = 0;
  trailers: Fields | undefined;
  /** Has the body ended well? */
  whole = false;
  failure: AttemptFailure | undefined;
  detail = "";
  drains = 0;
  /** Called with every piece of the body. */
  onPiece: (() => void) | undefined;

  get over(): boolean {
    return this.whole || this.failure !== undefined;
  }

  /** Resolves when nothing more can come. */
  async ended(): Promise<this> {
    await this.bell.until(() => this.over);
    return this;
  }

  onInterim(head: ResponseHead): void {
    this.#mustBeOpen();
    this.interims.push(head.status);
    this.bell.ring();
  }

  onHead(head: ResponseHead): void {
    this.#mustBeOpen();
    if (this.head !== undefined) throw new Error("a second head");
    this.head = head;
    this.body = head.body ?? "";
    this.bell.ring();
  }

  onBody(view: Buffer): void {
    this.#mustBeOpen();
    if (this.head === undefined) throw new Error("a body before its head");
    this.body += view.toString("latin1");
    this.pieces++;
    this.onPiece?.();
    this.bell.ring();
  }

  onBodyEnd(trailers: Fields | undefined): void {
    this.#mustBeOpen();
    this.trailers = trailers;
    this.whole = true;
    this.bell.ring();
  }

  onFailed(how: AttemptFailure, detail: string): void {
    this.#mustBeOpen();
    this.failure = how;
    this.detail = detail;
    this.bell.ring();
  }

  onRequestDrain(): void {
    this.drains++;
    this.bell.ring();
  }

  #mustBeOpen(): void {
    if (this.over) throw new Error("told more after the end");
  }
}

export const GET = "GET / HTTP/1.1\r\nhost: a.test\r\n\r\n";

/** An upstream and a pool towards it. */
export class Bench {
  readonly clock = new HandClock();
  readonly upstream: Upstream;
  readonly pool: Pool;

  private constructor(upstream: Upstream, wanted: Partial<PoolSettings>) {
    this.upstream = upstream;
    this.pool = new Pool({ ...this.#defaults(upstream.address), ...wanted });
  }

  static async open(
    script: Script,
    wanted: Partial<PoolSettings> = {},
    path?: string,
  ): Promise<Bench> {
    return new Bench(await Upstream.listen(script, path), wanted);
  }

  #defaults(address: Address): PoolSettings {
    const { wheel } = this.clock;
    const times = { connectTimeout: 500, idle: 4000, now: () => this.clock.now() };
    return { address, wheel, max: 10, responseHeaderBytes: 64 * 1024, ...times };
  }

  /** A connection of the pool; throws when it has none. */
  take(): ClientConnection {
    const connection = this.pool.take();
    if (connection === undefined) throw new Error("the pool has no connection");
    return connection;
  }

  /** Sends a request without a body, and listens. */
  get(connection = this.take(), method = "GET"): Listener {
    const listener = new Listener();
    connection.send(GET.replace("GET", method), method, undefined, listener);
    return listener;
  }

  /** The connection number `index` as the upstream has it. */
  async link(index: number): Promise<Link> {
    await this.upstream.bell.until(() => this.upstream.links.length > index);
    const link = this.upstream.links[index];
    if (link === undefined) throw new Error("no such connection");
    return link;
  }

  async close(): Promise<void> {
    this.pool.destroy();
    await this.upstream.close();
  }
}

/** Lets events happen until `holds`; the test's own timeout is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((next) => setImmediate(next));
}

/** A bench that is closed when the test is over. */
export async function open(
  t: Test,
  script: Script,
  wanted: Partial<PoolSettings> = {},
): Promise<Bench> {
  const bench = await Bench.open(script, wanted);
  t.teardown(() => bench.close());
  return bench;
}

/** An endpoint that sends `text`, and then ends as told. */
export function answering(text: string, end?: "finish" | "reset"): Script {
  return {
    request(link) {
      link.write(text);
      if (end === "finish") link.finish();
      // What was written must have left before the RST, which would overtake it.
      if (end === "reset") link.socket.write("", () => setImmediate(() => link.reset()));
    },
  };
}
