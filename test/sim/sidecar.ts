// A sidecar in the simulated world: the real path, clusters, policies and checks, put together as
// src/sidecar.ts does; its connections, probes, time and chance are the world's.
import { pino } from "pino";
import { breakersOf } from "../../src/control/breakers.ts";
import { type Change, Changes } from "../../src/control/changes.ts";
import { checkTargets, createChecker } from "../../src/control/checks.ts";
import { parseConfig } from "../../src/control/config/load.ts";
import type { Config } from "../../src/control/config/schema.ts";
import { Discovery, type Located } from "../../src/control/discovery.ts";
import { trustList } from "../../src/control/trust.ts";
import type { AccessRecord } from "../../src/core/access.ts";
import type { Exchange } from "../../src/core/exchange.ts";
import { Meter } from "../../src/core/meter.ts";
import { Wheel } from "../../src/core/wheel.ts";
import { ServerExchange } from "../../src/http1/exchange.ts";
import type { Dial } from "../../src/http1/socket.ts";
import type { ClusterSettings } from "../../src/proxy/cluster.ts";
import { Recorder } from "../../src/proxy/record.ts";
import { Routes } from "../../src/proxy/routes.ts";
import { type Path, serve } from "../../src/proxy/serve.ts";
import { type Audit, auditRequest } from "./audit.ts";
import type { Call, Caller, Host } from "./call.ts";
import type { Network } from "./network.ts";
import { probesOver } from "./probes.ts";
import { Served, ServedWire } from "./served.ts";
import { WatchedCluster } from "./watch.ts";
import type { World } from "./world.ts";

/** Where a sidecar is. */
export interface Surroundings {
  readonly world: World;
  readonly network: Network;
  readonly audit: Audit;
}

/** A change of a breaker's or of a health state, and when it was. */
export interface Changed extends Omit<Change, "time"> {
  readonly at: number;
}

export class Sidecar implements Host {
  readonly address: string;
  readonly reach = "accepts";
  readonly idle = Number.POSITIVE_INFINITY;
  readonly callers = new Set<Caller>();
  readonly changes: Changed[] = [];
  readonly meter = new Meter();
  readonly clusters: ReadonlyMap<string, WatchedCluster>;
  /** What is known of each request that has ended, if anybody wants to. */
  onRecord: (record: AccessRecord) => void = () => {};
  readonly #around: Surroundings;
  readonly #config: Config;
  readonly #wheel: Wheel;
  readonly #path: Path;
  readonly #trusts: (address: string) => boolean;
  readonly #served = new Map<Exchange, Served>();
  /** The one of them that is being recorded. */
  #ending: Served | undefined;
  /** Until then its process stands still. */
  #stalledUntil = 0;

  /** `config` is what a user would write. It listens where its only listener binds. */
  constructor(config: string, around: Surroundings) {
    const { world, network } = around;
    this.#around = around;
    this.#config = loaded(config);
    this.#wheel = new Wheel(world);
    const [listener] = this.#config.listeners;
    if (listener === undefined) throw new Error("a sidecar without a listener");
    this.address = listener.bind.text;
    this.#trusts = trustList(listener.forwarded.trust);
    const located = this.#located();
    const clusters = located.map((each) => {
      return { ...each, ...breakersOf(this.#config, each), tls: undefined };
    });
    this.clusters = new Map(clusters.map((each) => [each.name, this.#cluster(each)]));
    this.#path = this.#pathOf(listener);
    network.attach(this.address, this);
    world.every(this.#wheel.tickMs, () => this.#turn(() => this.#wheel.advance()));
    void this.#checker().start(checkTargets(clusters));
  }

  request(call: Call): void {
    this.#turn(() => this.#serve(call));
  }

  /** Its process stands still for so long, in milliseconds; what comes meanwhile waits. */
  stall(ms: number): void {
    const { world } = this.#around;
    world.note(`${this.address} stands still for ${ms} ms`);
    this.#stalledUntil = world.now() + ms;
    // After such a pause a process sees its timers first.
    world.at(this.#stalledUntil, () => this.#wheel.advance());
  }

  /** Nothing is under way any more. */
  atRest(): void {
    for (const cluster of this.clusters.values()) cluster.atRest();
    const left = [...this.#served.values()].map(({ id }) => id);
    const rule = "every request ends";
    this.#around.audit.holds(left.length === 0, rule, () => `${this.address} ${left}`);
  }

  #serve(call: Call): void {
    const { head, body, peer, from } = call;
    const { world } = this.#around;
    const served = new Served(head.fields.named("x-request-id")[0] ?? "");
    const wire = new ServedWire(served, from, this.#wheel, () =>
      exchange.listener?.onDeadline(this.#wheel.time),
    );
    const who = { address: peer, trusted: this.#trusts(peer) };
    const exchange = new ServerExchange(wire, head, who, world.now(), true);
    this.#served.set(exchange, served);
    call.onGone = () =>
      this.#turn(() => {
        if (served.finished > 0) return;
        wire.gone();
        exchange.gone = true;
        exchange.listener?.onGone();
      });
    if (body !== "") exchange.onBody(Buffer.from(body, "latin1"));
    if (head.framing.kind === "length") exchange.onBodyEnd(undefined);
    void serve(exchange, this.#path);
  }

  /** In the next turn of its event loop: at once, unless its process stands still. */
  #turn(happen: () => void): void {
    const { world } = this.#around;
    if (world.now() >= this.#stalledUntil) happen();
    else world.at(this.#stalledUntil, happen);
  }

  #dial(): Dial {
    const dial = this.#around.network.dialer(this.address);
    const turn = (happen: () => void): void => this.#turn(happen);
    return (address, events) =>
      dial(address, {
        onConnect: () => turn(() => events.onConnect()),
        onBytes: (view) => turn(() => events.onBytes(view)),
        onEnd: () => turn(() => events.onEnd()),
        onClose: (error) => turn(() => events.onClose(error)),
        onDrain: () => turn(() => events.onDrain()),
        onWriteFailed: () => turn(() => events.onWriteFailed()),
        onBug: (error) => events.onBug(error),
      });
  }

  /** The clusters of the config, which names addresses only: there is nobody to ask for others. */
  #located(): readonly Located[] {
    const { world } = this.#around;
    const random = world.stream(`${this.address} names`);
    const around = { wheel: this.#wheel, clock: world, random, meter: this.meter };
    const log = pino({ level: "silent" });
    const discovery = new Discovery({ ...around, log, changes: this.#log(), moved: () => {} });
    return discovery.locate(this.#config);
  }

  #cluster(settings: ClusterSettings): WatchedCluster {
    const { world, audit } = this.#around;
    const log = this.#log();
    return new WatchedCluster(
      settings,
      {
        wheel: this.#wheel,
        now: () => world.now(),
        wall: () => world.wall(),
        random: world.stream(`${this.address} cluster ${settings.name}`),
        meter: this.meter,
        dial: this.#dial(),
        changed: (cluster, { address }, change) => log.breaker(cluster, address.text, change),
        tierChanged: (cluster, change) => log.tier(cluster, change),
      },
      audit,
    );
  }

  #log(): Changes {
    return new KeptChanges(this.#around.world, (change) => {
      this.#around.world.note(`${this.address} ${Object.values(change).join(" ")}`);
      this.changes.push({ ...change, at: this.#around.world.now() });
      const { subject, cluster, endpoint, from, to } = change;
      if (subject !== "health" || from !== "unhealthy" || to !== "healthy") return;
      this.clusters.get(cluster)?.recovered(endpoint, this.#around.world.now());
    });
  }

  #checker(): ReturnType<typeof createChecker> {
    const { world } = this.#around;
    const random = world.stream(`${this.address} checks`);
    const [changes, log] = [this.#log(), pino({ level: "silent" })];
    const probeFor = probesOver(this.#dial());
    const { meter } = this;
    const find = (cluster: string, text: string) => this.clusters.get(cluster)?.find(text);
    const wheel = this.#wheel;
    return createChecker({ wheel, clock: world, random, meter, log, changes, probeFor, find });
  }

  #pathOf(settings: Config["listeners"][number]): Path {
    const { world, audit } = this.#around;
    const bug = (error: unknown): void => audit.breach("no exceptions", String(error));
    const random = world.stream(`${this.address} path`);
    const log = { wants: () => true, write: (record: AccessRecord) => this.#record(record) };
    const recorder = new Recorder(settings.name, { clock: world, meter: this.meter, log, bug });
    const ended = recorder.ended.bind(recorder);
    recorder.ended = (exchange, reply, story, now) => {
      this.#ending = this.#served.get(exchange);
      this.#served.delete(exchange);
      ended(exchange, reply, story, now);
    };
    const chance = world.stream(`${this.address} retries`);
    const routes = new Routes(this.clusters, { random: chance, meter: this.meter });
    const router = routes.compile([settings]).get(settings.name);
    if (router === undefined) throw new Error("no routes");
    const { bodyIdle } = settings.limits;
    const protection = { refuses: () => false, closes: false };
    const lag = this.#wheel.lag;
    return { clock: world, lag, random, router, recorder, protection, bodyIdle, bug };
  }

  #record(record: AccessRecord): void {
    const { world, audit } = this.#around;
    const { status, reason = "-", endpoint = "-", outcome = "-", attempts, durationMs } = record;
    const told = `${status} ${reason} ${endpoint} ${outcome} x${attempts} ${durationMs.toFixed(3)}`;
    world.note(`${this.address} ${record.requestId} ${told}`);
    if (this.#ending === undefined) audit.breach("a request ends once", record.requestId ?? "");
    else auditRequest(audit, this.#ending, record);
    this.onRecord(record);
  }
}

class KeptChanges extends Changes {
  readonly #keep: (change: Omit<Change, "time">) => void;

  constructor(world: World, keep: (change: Omit<Change, "time">) => void) {
    super(pino({ level: "silent" }), world);
    this.#keep = keep;
  }

  override add(change: Omit<Change, "time">): void {
    this.#keep(change);
  }
}

function loaded(config: string): Config {
  const result = parseConfig("scenario", config, {});
  if (result.ok) return result.config;
  throw new Error(result.errors.map(({ message }) => message).join("\n"));
}
