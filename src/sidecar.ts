// The composition root: a Config becomes a running sidecar. Every long-lived object is made here.
import type { Logger } from "pino";
import { createAccessLog } from "./control/accesslog.ts";
import { startAdmin } from "./control/admin.ts";
import { breakersOf } from "./control/breakers.ts";
import { Changes } from "./control/changes.ts";
import type { Checker } from "./control/checker.ts";
import { checkTargets, createChecker, probeState } from "./control/checks.ts";
import type { Config } from "./control/config/schema.ts";
import { connectionCap, descriptorLimit } from "./control/descriptors.ts";
import { startHealth } from "./control/health.ts";
import { watchLag } from "./control/lag.ts";
import { createLog } from "./control/log.ts";
import { createMetrics, type Metrics } from "./control/metrics.ts";
import { carryOut, type Order } from "./control/override.ts";
import type { ControlServer } from "./control/server.ts";
import { bindServer } from "./control/socket.ts";
import type { State } from "./control/state.ts";
import { trustList } from "./control/trust.ts";
import { type LineWriter, openWriter } from "./control/writer.ts";
import type { AccessLog } from "./core/access.ts";
import type { Address } from "./core/address.ts";
import { type Clock, type Random, systemClock, systemRandom } from "./core/clock.ts";
import { ACCESS_LOG_DROPPED } from "./core/families.ts";
import { Counter, Meter } from "./core/meter.ts";
import { VERSION } from "./core/version.ts";
import { Timer, Wheel } from "./core/wheel.ts";
import { Cluster } from "./proxy/cluster.ts";
import { Listener } from "./proxy/listener.ts";
import { Recorder, RouteMeter } from "./proxy/record.ts";
import { Retries } from "./proxy/retries.ts";
import { Router } from "./proxy/router.ts";
import type { Path, Route } from "./proxy/serve.ts";

/** What a sidecar takes from the outside world. */
export interface World {
  readonly clock?: Clock;
  readonly random?: Random;
}

/** A running sidecar. */
export interface Sidecar {
  /** Where it listens: each listener by its name, `health` and `admin`. */
  readonly addresses: Readonly<Record<string, Address>>;
  /**
   * Becomes unready at once, serves normally for `drain.delay`, then ends every connection after what
   * it has begun. Resolves when everything is closed, `drain.timeout` from now at the latest.
   */
  drain(): Promise<void>;
  /** Cuts everything and closes. */
  close(): Promise<void>;
  /** Resolves when the sidecar has stopped, whoever asked for it. */
  readonly stopped: Promise<void>;
}

/** Unix sockets of listeners are open to every user of this machine, as a port would be. */
const ANY_USER = 0o666;

type ListenerConfig = Config["listeners"][number];

/** Starts everything that the config names. Rejects, with nothing left open, when one cannot be bound. */
export async function startSidecar(config: Config, world: World = {}): Promise<Sidecar> {
  const running = new Running(config, world);
  try {
    await running.listen();
  } catch (error) {
    await running.close();
    throw error;
  }
  return running;
}

class Running implements Sidecar {
  readonly addresses: Record<string, Address> = {};
  readonly stopped: Promise<void>;
  readonly #config: Config;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #meter = new Meter();
  readonly #wheel: Wheel;
  readonly #ticker: NodeJS.Timeout;
  readonly #lag = watchLag();
  readonly #metrics: Metrics;
  readonly #log: Logger;
  readonly #accessLog: AccessLog;
  readonly #writers: readonly LineWriter[];
  readonly #clusters: ReadonlyMap<string, Cluster>;
  readonly #listeners: readonly Listener[];
  readonly #changes: Changes;
  readonly #checker: Checker;
  #control: ControlServer[] = [];
  #started = "";
  /** Is the first round of probes over? */
  #checked = false;
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #markStopped: () => void = () => {};

  constructor(config: Config, { clock = systemClock, random = systemRandom }: World) {
    this.#config = config;
    this.#clock = clock;
    this.#random = random;
    const messages = openWriter("stderr", new Counter());
    const lines = openWriter(config.log.file, this.#meter.counter(ACCESS_LOG_DROPPED));
    this.#writers = [messages, lines];
    this.#wheel = new Wheel(clock);
    this.#ticker = setInterval(() => this.#wheel.advance(), this.#wheel.tickMs);
    this.#metrics = createMetrics({
      meter: this.#meter,
      version: VERSION,
      lag: () => this.#lag.seconds(),
    });
    this.#log = createLog(config.log.level, messages);
    this.#changes = new Changes(this.#log, clock);
    const { access: mode, sample } = config.log;
    this.#accessLog = createAccessLog({ mode, sample, random, lines });
    this.#clusters = new Map(config.clusters.map((each) => [each.name, this.#cluster(each)]));
    this.#checker = this.#checks();
    this.#listeners = config.listeners.map((each) => this.#listener(each));
    this.stopped = new Promise((resolve) => {
      this.#markStopped = resolve;
    });
  }

  /** Binds health first, so that whoever watches sees the start, and the listeners last. */
  async listen(): Promise<void> {
    const { health, admin, listeners } = this.#config;
    const onError = (err: unknown): void => this.#log.error({ err }, "control request failed");
    this.#open("health", await startHealth({ bind: health.bind, source: this.#health(), onError }));
    const state = (): State => this.#state();
    const drain = (): void => void this.drain();
    const events = (): string => this.#changes.print();
    const override = (order: Order): string | undefined => {
      const endpoint = this.#clusters.get(order.cluster)?.find(order.endpoint);
      return carryOut(order, endpoint, this.#changes, this.#clock.now());
    };
    const actions = { state, drain, events, override, onError };
    this.#open("admin", await startAdmin({ ...admin, ...actions }));
    for (const [index, listener] of this.#listeners.entries()) {
      const bind = listeners[index]?.bind;
      if (bind === undefined) continue;
      this.addresses[listener.name] = await bindServer(listener.server, bind, ANY_USER);
      // Running out of descriptors is reported here; the next accept may do better.
      listener.server.on("error", (err) => this.#log.error({ err }, "accept failed"));
    }
    this.#started = new Date(this.#clock.wall()).toISOString();
    this.#metrics.reloaded(true, this.#clock.wall());
    void this.#checker.start(checkTargets(this.#config.clusters)).then(() => {
      this.#checked = true;
    });
    this.#log.info({ addresses: this.addresses }, "started");
  }

  drain(): Promise<void> {
    this.#draining ??= this.#drain();
    return this.#draining;
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #drain(): Promise<void> {
    const { delay, timeout } = this.#config.drain;
    const end = this.#clock.now() + timeout;
    this.#log.info({ delay, timeout }, "draining");
    await this.#after(Math.min(delay, timeout));
    const finished = Promise.all(this.#listeners.map((each) => each.drain())).then(() => true);
    const late = this.#after(end - this.#clock.now()).then(() => false);
    if (!(await Promise.race([finished, late]))) {
      const left = this.#listeners.reduce((sum, each) => sum + each.connections, 0);
      this.#log.warn({ connections: left }, "drain.timeout is over; connections are cut");
    }
    await this.close();
  }

  async #close(): Promise<void> {
    for (const listener of this.#listeners) listener.destroy();
    for (const cluster of this.#clusters.values()) cluster.destroy();
    await this.#checker.stop();
    await Promise.all(this.#control.map((server) => server.close()));
    this.#log.info("stopped");
    clearInterval(this.#ticker);
    this.#lag.close();
    await Promise.all(this.#writers.map((writer) => writer.close()));
    this.#markStopped();
  }

  #after(delayMs: number): Promise<void> {
    return new Promise((resolve) => this.#wheel.arm(new Timer(resolve), Math.max(0, delayMs)));
  }

  #open(name: string, server: ControlServer): void {
    this.#control.push(server);
    this.addresses[name] = server.address;
  }

  #cluster(settings: Config["clusters"][number]): Cluster {
    return new Cluster(
      { ...settings, ...breakersOf(this.#config, settings) },
      {
        wheel: this.#wheel,
        now: () => this.#clock.now(),
        random: this.#random,
        meter: this.#meter,
        changed: (cluster, { address }, change) =>
          this.#changes.breaker(cluster, address.text, change),
      },
    );
  }

  #checks(): Checker {
    const [clock, log, changes] = [this.#clock, this.#log, this.#changes];
    const world = { wheel: this.#wheel, random: this.#random, meter: this.#meter };
    return createChecker({ ...world, clock, log, changes }, (cluster, address) =>
      this.#clusters.get(cluster)?.find(address.text),
    );
  }

  #listener(settings: ListenerConfig): Listener {
    const all = connectionCap(Number.POSITIVE_INFINITY, descriptorLimit());
    const share = Math.max(1, Math.floor(all / this.#config.listeners.length));
    const connections = Math.min(settings.limits.connections, share);
    return new Listener(
      { ...settings, limits: { ...settings.limits, connections } },
      {
        path: this.#path(settings),
        wheel: this.#wheel,
        meter: this.#meter,
        trusts: trustList(settings.forwarded.trust),
      },
    );
  }

  #path(settings: ListenerConfig): Path {
    const routes = settings.routes.map((each) => this.#route(each));
    const bug = (err: unknown): void => this.#log.error({ err }, "a request ended in an exception");
    const world = { clock: this.#clock, meter: this.#meter, log: this.#accessLog, bug };
    return {
      clock: this.#clock,
      random: this.#random,
      router: new Router(routes),
      recorder: new Recorder(settings.name, world),
      bodyIdle: settings.limits.bodyIdle,
      bug,
    };
  }

  #route(settings: ListenerConfig["routes"][number]): Route {
    const cluster = this.#clusters.get(settings.cluster);
    if (cluster === undefined) throw new Error(`route ${settings.name}: no such cluster`);
    const { name, match, timeout, upgrades } = settings;
    const retries = new Retries(settings.retry, cluster, {
      random: this.#random,
      meter: this.#meter,
    });
    const meter = new RouteMeter(this.#meter, name);
    return { name, match, cluster, timeout, upgrades, retries, meter };
  }

  #health(): Parameters<typeof startHealth>[0]["source"] {
    return {
      started: () => this.#started !== "" && this.#checked,
      ready: () => this.#ready(),
      metrics: () => this.#metrics.scrape(),
      contentType: this.#metrics.contentType,
    };
  }

  #ready(): { ok: boolean; why: string } {
    if (this.#draining !== undefined) return { ok: false, why: "draining" };
    if (this.#started === "" || !this.#checked) return { ok: false, why: "starting" };
    const now = this.#clock.now();
    const lost = this.#clusters.values().find((cluster) => !cluster.usable(now));
    return { ok: lost === undefined, why: lost === undefined ? "" : `no endpoint: ${lost.name}` };
  }

  #state(): State {
    return {
      version: VERSION,
      started: this.#started,
      draining: this.#draining !== undefined,
      listeners: this.#listeners.map(({ name, connections }) => {
        return { name, connections, address: this.addresses[name]?.text ?? "" };
      }),
      clusters: Array.from(this.#clusters.values(), (cluster) => ({
        name: cluster.name,
        inFlight: cluster.inFlight.value,
        tier: cluster.tier,
        endpoints: cluster.endpoints.map((endpoint) => ({
          ...endpoint.state(this.#clock.now()),
          probe: probeState(this.#checker, cluster.name, endpoint.address),
        })),
      })),
    };
  }
}
