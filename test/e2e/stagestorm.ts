// Many streams given up at every stage through a sidecar in a process of its own, and what it is left with.
import { join } from "node:path";
import { tcpAddress } from "../../src/core/address.ts";
import { Daemon, SHIPPED } from "../support/daemon.ts";
import { type Held, INSPECT, Inspected } from "../support/inspected.ts";
import { Child } from "../support/process.ts";
import { type Settings, settings } from "../support/settings.ts";
import { StageClient } from "./stages.ts";

/** What is as high as it can be: these streams are to be cancelled, not to be taken for a flood. */
const UNCUT = { prematureResets: 100_000, resetsPerSecond: 100_000 };
const CONNECTIONS = 4;
const WIDTH = 40;
/** More than the windows of a connection: 1 MiB from a client, 16 MiB from the service. */
const UPLOAD = 4_000_000;
const DOWNLOADS = 3;

export class StageStorm {
  readonly daemon: Daemon;
  readonly clients: readonly StageClient[];
  readonly #service: Child;
  readonly #inspected: Inspected;

  private constructor(
    daemon: Daemon,
    clients: readonly StageClient[],
    parts: readonly [Child, Inspected],
  ) {
    this.daemon = daemon;
    this.clients = clients;
    [this.#service, this.#inspected] = parts;
  }

  static async start(wanted: Settings = {}): Promise<StageStorm> {
    const service = Child.start(process.execPath, [join(import.meta.dirname, "stageservice.ts")]);
    const [, port] = await service.says(/listening on ([0-9]+)/);
    const text = settings(tcpAddress("127.0.0.1", Number(port)), {
      cluster: { protocol: "http2" },
      http2: UNCUT,
      ...wanted,
    });
    const daemon = await Daemon.start(text, { nodeArgs: [...SHIPPED, INSPECT] });
    const clients = await Promise.all(
      Array.from({ length: CONNECTIONS }, () => StageClient.connect(daemon.inbound)),
    );
    return new StageStorm(daemon, clients, [service, await Inspected.of(daemon.child)]);
  }

  /** `total` more streams of all stages over all connections; resolves when nobody works for them any more. */
  async blow(total: number): Promise<Held> {
    const each = Math.ceil(total / CONNECTIONS);
    await Promise.all(this.clients.map((client) => client.blow(each, WIDTH)));
    await this.daemon.metricIs("concurrency_in_flight", 0);
    return this.#inspected.held();
  }

  /** What has ended connections. */
  get cut(): readonly string[] {
    return this.clients.flatMap(({ cut }) => cut);
  }

  get over(): number {
    return this.clients.reduce((sum, { over }) => sum + over, 0);
  }

  /** What is open at the endpoint, and waits for a session: `/state` says so. */
  async open(): Promise<unknown> {
    const answer = await fetch(`http://${this.daemon.admin.text}/state`);
    const { clusters } = Object(await answer.json());
    const { sessions, streams, waiting } = clusters[0].endpoints[0].http2;
    return { sessions, streams, waiting };
  }

  /** Are the windows whole: does more than they hold go through each connection, both ways? */
  async whole(): Promise<boolean> {
    for (const client of this.clients) {
      if ((await client.upload(UPLOAD)) !== UPLOAD) return false;
      for (let i = 0; i < DOWNLOADS; i++) if ((await client.download()) < 8e6) return false;
    }
    return true;
  }

  /** The clients leave, and the sidecar ends in good order. */
  async stop(): Promise<void> {
    this.#inspected.close();
    for (const client of this.clients) client.close();
    await this.daemon.stop().finally(() => this.#service.kill());
  }
}
