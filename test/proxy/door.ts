// A sidecar with a limit before an endpoint that answers when the test says so.
import type { Test } from "tap";
import type { Clock } from "../../src/core/clock.ts";
import { RawClient } from "../support/client.ts";
import { fire, type Shot } from "../support/load.ts";
import { scrape } from "../support/scrape.ts";
import { type Settings, settings } from "../support/settings.ts";
import { addressOf, type Reloadable, startReloadable } from "../support/sidecar.ts";
import { type Link, OK, Upstream } from "../support/upstream.ts";

/** A request that the endpoint has got and not answered. */
interface Held {
  readonly link: Link;
  readonly path: string;
}

export class Door {
  readonly upstream: Upstream;
  readonly #running: Reloadable;
  readonly #wanted: Settings;
  readonly #held: Held[];
  readonly #clients: RawClient[] = [];

  private constructor(upstream: Upstream, held: Held[], running: Reloadable, wanted: Settings) {
    this.upstream = upstream;
    this.#held = held;
    this.#running = running;
    this.#wanted = wanted;
  }

  static async open(
    t: Test,
    concurrency: Readonly<Record<string, unknown>>,
    wanted: Settings = {},
    clock?: Clock,
  ): Promise<Door> {
    const held: Held[] = [];
    const upstream = await Upstream.listen({
      request: (link, { startLine }) => held.push({ link, path: startLine.split(" ")[1] ?? "" }),
    });
    const text = settings(upstream.address, limited(wanted, concurrency));
    // Where the test passes the time, it says nothing of how late this process is.
    const use = () => ({ utilisation: 0, memory: 0 });
    const running = await startReloadable(text, clock === undefined ? {} : { clock, use });
    const door = new Door(upstream, held, running, wanted);
    t.teardown(() => door.#close());
    return door;
  }

  /** A request of a client of its own; lines end without CRLF. */
  async send(path: string, ...lines: readonly string[]): Promise<Sent> {
    const client = await RawClient.connect(addressOf(this.#running.sidecar));
    this.#clients.push(client);
    const head = [`GET ${path} HTTP/1.1`, "Host: a.test", ...lines].join("\r\n");
    return { client, shot: fire(client, 0, ["GET", `${head}\r\n\r\n`]) };
  }

  /** A request that has to wait; resolves when it does. */
  async waits(path: string, ...lines: readonly string[]): Promise<Sent> {
    const before = await this.metric("queue_depth");
    const sent = await this.send(path, ...lines);
    await this.metricIs("queue_depth", before + 1);
    return sent;
  }

  /** Resolves when the endpoint has got this request. */
  async arrives(path: string): Promise<Link> {
    await this.upstream.bell.until(() => this.#held.some((each) => each.path === path));
    const found = this.#held.find((each) => each.path === path);
    if (found === undefined) throw new Error(`${path} has not arrived`);
    return found.link;
  }

  /** The paths of what has arrived, in order. */
  get arrived(): readonly string[] {
    return this.#held.map(({ path }) => path);
  }

  /** Answers a request. */
  async answer(path: string, response = OK): Promise<void> {
    (await this.arrives(path)).write(response);
  }

  /** The config with this in place of its limit. */
  async reload(concurrency: Readonly<Record<string, unknown>>): Promise<void> {
    const text = settings(this.upstream.address, limited(this.#wanted, concurrency));
    const { kind } = await this.#running.reload(text);
    if (kind !== "reloaded") throw new Error("the new config is bad");
  }

  metric(name: string, labels = ""): Promise<number> {
    return scrape(addressOf(this.#running.sidecar, "health"), name, labels);
  }

  /** Scrapes until it is so; each answer is the event to look again. */
  async metricIs(name: string, value: number, labels = ""): Promise<void> {
    while ((await this.metric(name, labels)) !== value);
  }

  /** What `GET /state` tells of its cluster's limit. */
  async state(): Promise<Readonly<Record<string, unknown>>> {
    const admin = addressOf(this.#running.sidecar, "admin");
    const state = (await (await fetch(`http://${admin.text}/state`)).json()) as {
      clusters: { concurrency: Readonly<Record<string, unknown>> }[];
    };
    return state.clusters[0]?.concurrency ?? {};
  }

  async #close(): Promise<void> {
    for (const client of this.#clients) client.close();
    await this.#running.sidecar.close();
    await this.upstream.close();
  }
}

export interface Sent {
  readonly client: RawClient;
  readonly shot: Promise<Shot>;
}

function limited(wanted: Settings, concurrency: Readonly<Record<string, unknown>>): Settings {
  return { ...wanted, cluster: { ...wanted.cluster, concurrency } };
}
