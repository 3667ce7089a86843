// The composition root: a Config becomes a running sidecar. Every long-lived object is made here.
import type { Logger } from "pino";
import { createAccessLog } from "./control/accesslog.ts";
import { startAdmin } from "./control/admin.ts";
import type { CertificatesWorld } from "./control/certificates.ts";
import { Changes } from "./control/changes.ts";
import type { Checker } from "./control/checker.ts";
import { createChecker } from "./control/checks.ts";
import type { Config } from "./control/config/schema.ts";
import { drainAll } from "./control/drain.ts";
import { checkBind, createGuard, type Guard } from "./control/guard.ts";
import { startHealth } from "./control/health.ts";
import { InForce } from "./control/inforce.ts";
import { createLog } from "./control/log.ts";
import { createMetrics, type Metrics } from "./control/metrics.ts";
import { MovableServer } from "./control/movable.ts";
import { Output } from "./control/output.ts";
import { Orders } from "./control/override.ts";
import { overview } from "./control/overview.ts";
import { Plan } from "./control/plan.ts";
import { Readiness } from "./control/readiness.ts";
import { type Cause, type Origin, type Reloaded, Reloader } from "./control/reload.ts";
import type { ControlServer } from "./control/server.ts";
import { bindServer, takenByOurselves } from "./control/socket.ts";
import { StartError } from "./control/starterror.ts";
import { useOfProcess } from "./control/vitals.ts";
import { type LineWriter, openWriter } from "./control/writer.ts";
import type { Address } from "./core/address.ts";
import { type Clock, type Random, systemClock, systemRandom } from "./core/clock.ts";
import { ACCESS_LOG_DROPPED } from "./core/families.ts";
import { Counter, Meter } from "./core/meter.ts";
import { type Prepared, prepareAll } from "./core/prepared.ts";
import { VERSION } from "./core/version.ts";
import { Wheel } from "./core/wheel.ts";
import type { ProtectionWorld } from "./proxy/protection.ts";
import { Traffic } from "./proxy/traffic.ts";

/** What a sidecar takes from the outside world. */
export interface World {
  readonly clock?: Clock;
  readonly random?: Random;
  /** What this process uses of its time and memory since it was asked last, from 0 to 1. */
  readonly use?: ProtectionWorld["use"];
  /** Where the config comes from, if it can be read again. */
  readonly origin?: Origin;
  /** How often files of certificates are looked at. */
  readonly watch?: CertificatesWorld["watch"];
}

/** A running sidecar. */
export interface Sidecar {
  /** Where it listens: each listener by its name, `health` and `admin`. */
  readonly addresses: Readonly<Record<string, Address>>;
  /** Reads the config again and puts it into force whole, or not at all. Never rejects. */
  reload(cause: Cause): Promise<Reloaded>;
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

/** Starts everything that the config names. Rejects, with nothing left open, when one cannot be bound. */
export async function startSidecar(config: Config, world: World = {}): Promise<Sidecar> {
  const running = new Running(config, world);
  try {
    await running.start();
  } catch (error) {
    await running.close();
    throw error;
  }
  return running;
}

class Running implements Sidecar {
  readonly stopped: Promise<void>;
  readonly #clock: Clock;
  readonly #random: Random;
  readonly #meter = new Meter();
  readonly #wheel: Wheel;
  readonly #ticker: NodeJS.Timeout;
  readonly #metrics: Metrics;
  readonly #messages: LineWriter;
  readonly #log: Logger;
  readonly #lines: Output;
  readonly #traffic: Traffic;
  readonly #changes: Changes;
  readonly #plan: Plan;
  readonly #checker: Checker;
  readonly #readiness: Readiness;
  readonly #health: MovableServer;
  readonly #admin: MovableServer;
  readonly #reloader: Reloader;
  readonly #orders: Orders;
  readonly #inForce: InForce;
  // What the config in force has made.
  #config: Config;
  #guard: Guard;
  #started = "";
  #draining: Promise<void> | undefined;
  #closing: Promise<void> | undefined;
  #markStopped: () => void = () => {};

  constructor(config: Config, world: World) {
    const {
      clock = systemClock,
      random = systemRandom,
      use = useOfProcess(),
      origin,
      watch,
    } = world;
    this.#config = config;
    [this.#clock, this.#random] = [clock, random];
    this.#messages = openWriter("stderr", new Counter());
    this.#lines = new Output(config.log.file, this.#meter.counter(ACCESS_LOG_DROPPED));
    this.#wheel = new Wheel(clock);
    this.#ticker = setInterval(() => this.#wheel.advance(), this.#wheel.tickMs);
    const [wheel, meter] = [this.#wheel, this.#meter];
    const lag = () => wheel.lag.longest(clock.now()) / 1000;
    const metrics = createMetrics({ meter, version: VERSION, lag });
    const log = createLog(config.log.level, this.#messages);
    const changes = new Changes(log, clock);
    [this.#metrics, this.#log, this.#changes] = [metrics, log, changes];
    const bug = (err: unknown): void => log.error({ err }, "a request ended in an exception");
    wheel.onBug = bug;
    this.#traffic = new Traffic({
      ...{ wheel, clock, random, meter, use, bug },
      bind: (server, address) => bindServer(server, address, ANY_USER),
      changed: (cluster, { address }, change) => changes.breaker(cluster, address.text, change),
      tierChanged: (cluster, change) => changes.tier(cluster, change),
      failed: (err) => log.error({ err }, "accept failed"),
      handshakeFailed: (failure) => log.warn(failure, "a TLS handshake failed"),
      protectionChanged: (change) => changes.protection(change),
    });
    const { clusters } = this.#traffic;
    const find = (cluster: string, text: string) => clusters.get(cluster)?.find(text);
    const shared = { wheel, clock, random, meter, log, changes, metrics, find };
    this.#orders = new Orders(shared);
    this.#inForce = new InForce(origin?.digest ?? "", shared);
    this.#plan = new Plan({ ...shared, watch, moved: () => this.#moved() });
    this.#checker = createChecker(shared);
    const lack = (cluster: string) => this.#plan.discovery.lack(cluster);
    this.#readiness = new Readiness(clusters, () => clock.now(), lack);
    const onError = (err: unknown): void => log.error({ err }, "control request failed");
    this.#health = new MovableServer((bind) => this.#startHealth(bind, onError));
    this.#admin = new MovableServer((bind) => this.#startAdmin(bind, onError));
    this.#guard = createGuard(config.admin);
    this.#reloader = new Reloader(config, origin, {
      log,
      reloaded: (...what) => this.#inForce.reloaded(...what),
      apply: (next) => this.#apply(next),
    });
    this.stopped = new Promise((resolve) => (this.#markStopped = resolve));
  }

  get addresses(): Readonly<Record<string, Address>> {
    const control = { health: this.#health.address, admin: this.#admin.address };
    const bound = this.#traffic.listeners.map(({ settings, address }) => [settings.name, address]);
    return Object.fromEntries([...Object.entries(control), ...bound].filter(([, at]) => at));
  }

  async start(): Promise<void> {
    (await this.#prepare(this.#config)).commit();
    this.#started = new Date(this.#clock.wall()).toISOString();
    this.#readiness.listening = true;
    this.#inForce.started();
    void this.#checker.start(this.#plan.targets(this.#config)).then(() => {
      this.#readiness.checked = true;
    });
    this.#moved();
    this.#log.info({ addresses: this.addresses }, "started");
    this.#reloader.watch();
  }

  async reload(cause: Cause): Promise<Reloaded> {
    await this.#plan.certificates.look();
    return this.#reloader.reload(cause);
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
    this.#readiness.draining = true;
    await drainAll(this.#config.drain, {
      traffic: this.#traffic,
      log: this.#log,
      now: () => this.#clock.now(),
      after: (ms) => this.#wheel.after(ms),
    });
    await this.close();
  }

  async #close(): Promise<void> {
    this.#reloader.close();
    this.#plan.stop();
    this.#traffic.destroy();
    await this.#checker.stop();
    await Promise.all([this.#health.close(), this.#admin.close()]);
    this.#log.info("stopped");
    clearInterval(this.#ticker);
    await Promise.all([this.#messages.close(), this.#lines.close()]);
    this.#markStopped();
  }

  // From one config to the next.

  async #apply(config: Config): Promise<void> {
    if (!this.#readiness.listening) throw new StartError("it is starting; ask again");
    const ready = await this.#prepare(config).catch((error: unknown) => {
      throw takenByOurselves(error, this.addresses) ?? error;
    });
    if (this.#draining === undefined && this.#closing === undefined) return ready.commit();
    ready.undo();
    throw new StartError("it is draining: what it does now, it does for the last time");
  }

  /**
   * Gets ready for a config: whatever may fail or take time. Health is bound first, so that whoever watches
   * sees the start, and the listeners last. The commit is one turn of the event loop.
   */
  async #prepare(config: Config): Promise<Prepared> {
    const { health, admin, log } = config;
    const { access: mode, sample, file } = log;
    const accessLog = createAccessLog({ mode, sample, random: this.#random, lines: this.#lines });
    checkBind(admin);
    const { commit, undo } = await prepareAll([
      () => this.#lines.prepare(file),
      () => this.#health.prepare(health.bind),
      () => this.#admin.prepare(admin.bind),
      () => this.#plan.prepare(config),
      () => this.#traffic.prepare({ ...this.#plan.traffic(config), accessLog }),
    ]);
    return {
      undo,
      commit: () => {
        commit();
        this.#config = config;
        this.#log.level = log.level;
        this.#guard = createGuard(admin);
        this.#moved();
      },
    };
  }

  /** Brings clusters and probes in line with what names stand for now; at the start it is too early. */
  #moved(): void {
    if (!this.#readiness.listening) return;
    this.#traffic.clusters.update(this.#plan.clusters(this.#config));
    this.#checker.update(this.#plan.targets(this.#config));
  }

  // What is asked from outside.

  #startHealth(bind: Address, onError: (error: unknown) => void): Promise<ControlServer> {
    const [readiness, { contentType }] = [this.#readiness, this.#metrics];
    return startHealth({
      ...{ bind, onError },
      source: {
        started: () => readiness.started,
        ready: () => readiness.ready(),
        metrics: () => this.#metrics.scrape(),
        contentType,
      },
    });
  }

  #startAdmin(bind: Address, onError: (error: unknown) => void): Promise<ControlServer> {
    const [traffic, checker, discovery] = [this.#traffic, this.#checker, this.#plan.discovery];
    return startAdmin({
      ...{ bind, onError },
      guard: (request) => this.#guard(request),
      state: () => {
        const { draining } = this.#readiness;
        const from = { draining, config: this.#inForce.state, traffic, checker, discovery };
        const mine = { started: this.#started, meter: this.#meter };
        return overview({ ...from, ...mine }, this.#clock.now());
      },
      drain: () => void this.drain(),
      events: () => this.#changes.print(),
      override: (order) => this.#orders.carryOut(order),
      reload: ({ dryRun, config }) =>
        dryRun ? this.#reloader.dryRun(config) : this.reload("POST /reload"),
    });
  }
}
