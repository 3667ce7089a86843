// Every listener of a sidecar, while the config that names them changes.
import type net from "node:net";
import type { Address } from "../core/address.ts";
import { DOWNSTREAM_CONNECTIONS, DOWNSTREAM_REFUSED, TLS_HANDSHAKES } from "../core/families.ts";
import type { Meter } from "../core/meter.ts";
import type { Prepared } from "../core/prepared.ts";
import { Timer, type Wheel } from "../core/wheel.ts";
import type { HandshakeFailure } from "../tls/handshakes.ts";
import { Listener, type ListenerSettings } from "./listener.ts";

/** What listeners share with the rest of the sidecar. */
export interface ListenersWorld {
  readonly wheel: Wheel;
  readonly meter: Meter;
  /** Makes the server listen; gives the address, with the real port where 0 was asked for. */
  bind(server: net.Server, address: Address): Promise<Address>;
  /** Hears why a connection could not be accepted. */
  failed(error: unknown): void;
  /** Hears of TLS handshakes that fail on a listener, a bounded number of them. */
  handshakeFailed(failure: HandshakeFailure & { readonly listener: string }): void;
}

/** A listener at work, and where. */
export interface Bound {
  readonly listener: Listener;
  readonly settings: ListenerSettings;
  readonly address: Address;
}

export class Listeners {
  readonly #world: ListenersWorld;
  #bound: readonly Bound[] = [];
  /** Those that listen no more, and end their connections. */
  readonly #leaving = new Map<Listener, string>();
  /** The names for which there are series. */
  #shown: ReadonlySet<string> = new Set();

  constructor(world: ListenersWorld) {
    this.#world = world;
  }

  get bound(): readonly Bound[] {
    return this.#bound;
  }

  /** How many clients are connected. */
  get connections(): number {
    return this.#all.reduce((sum, [{ connections }]) => sum + connections, 0);
  }

  /** What the fullest listener has of the connections that it may have. */
  get fullness(): number {
    return Math.max(0, ...this.#bound.map(({ listener }) => listener.fullness));
  }

  /** Reads no requests from a share of the connections, and takes a part of those that come, until it is called again. */
  rest(share: number): void {
    for (const { listener } of this.#bound) listener.rest(share);
  }

  /**
   * Binds what is new among `all`; rejects, with nothing changed, when that cannot be. Whose bind stays keeps
   * its socket and its connections, whatever else of it changes, its name included. Those that are not
   * named any more then have `patienceMs` to end what their clients have begun.
   */
  async prepare(all: readonly ListenerSettings[], patienceMs: number): Promise<Prepared> {
    const rest = new Set(this.#bound);
    const known = this.#known(all, rest);
    const bound: Bound[] = [];
    const undo = (): void => {
      for (const each of bound) if (!this.#bound.includes(each)) each.listener.destroy();
    };
    try {
      for (const [index, settings] of all.entries()) {
        bound.push(known[index] ?? (await this.#open(settings)));
      }
    } catch (error) {
      undo();
      throw error;
    }
    const commit = (): void => {
      this.#bound = bound.map((each, index) => ({
        ...each,
        settings: all[index] ?? each.settings,
      }));
      for (const { listener, settings } of this.#bound) listener.configure(settings);
      for (const each of rest) this.#end(each, patienceMs);
      this.#show();
    };
    return { commit, undo };
  }

  /** Takes no new connections. Resolves when all have ended, after what was begun on them. */
  async drain(): Promise<void> {
    await Promise.all(this.#all.map(([listener]) => listener.drain()));
  }

  /** Cuts every connection. */
  destroy(): void {
    for (const [listener] of this.#all) listener.destroy();
  }

  get #all(): readonly (readonly [Listener, string])[] {
    const bound = this.#bound.map(({ listener, settings }) => [listener, settings.name] as const);
    return [...bound, ...this.#leaving];
  }

  /** Who of `rest` is which of `all`: by bind, and where several have the same (port 0), by name first. */
  #known(all: readonly ListenerSettings[], rest: Set<Bound>): readonly (Bound | undefined)[] {
    const take = (fits: (one: Bound) => boolean): Bound | undefined => {
      const found = rest.values().find(fits);
      if (found !== undefined) rest.delete(found);
      return found;
    };
    const at = (one: Bound, { bind }: ListenerSettings): boolean =>
      one.settings.bind.text === bind.text;
    const named = all.map((wanted) =>
      take((one) => at(one, wanted) && one.settings.name === wanted.name),
    );
    return all.map((wanted, index) => named[index] ?? take((one) => at(one, wanted)));
  }

  async #open(settings: ListenerSettings): Promise<Bound> {
    const { wheel, meter } = this.#world;
    const listener = new Listener(wheel, meter, settings, (failure) =>
      this.#world.handshakeFailed(failure),
    );
    const address = await this.#world.bind(listener.server, settings.bind);
    // Running out of descriptors is reported here; the next accept may do better.
    listener.server.on("error", (error) => this.#world.failed(error));
    return { listener, settings, address };
  }

  #end({ listener, settings }: Bound, patienceMs: number): void {
    this.#leaving.set(listener, settings.name);
    const { wheel } = this.#world;
    const late = new Timer(() => listener.destroy());
    wheel.arm(late, patienceMs);
    void listener.drain().then(() => {
      wheel.disarm(late);
      this.#leaving.delete(listener);
      this.#show();
    });
  }

  /** Counts connections by the names that there are. */
  #show(): void {
    const { meter } = this.#world;
    const names = new Set(this.#all.map(([, name]) => name));
    for (const name of this.#shown.difference(names)) {
      meter.drop({ listener: name }, DOWNSTREAM_REFUSED);
      meter.drop({ listener: name }, TLS_HANDSHAKES);
    }
    this.#shown = names;
    meter.drop({}, DOWNSTREAM_CONNECTIONS);
    for (const name of names) {
      meter.gauge(DOWNSTREAM_CONNECTIONS, { listener: name }).read = () =>
        this.#all.reduce((sum, [each, of]) => sum + (of === name ? each.connections : 0), 0);
    }
  }
}
