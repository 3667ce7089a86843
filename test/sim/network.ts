// The simulated network: who is where, and how connections between them fare.
import type { Address } from "../../src/core/address.ts";
import type { Dial } from "../../src/http1/socket.ts";
import { Cable } from "./cable.ts";
import type { Host } from "./call.ts";
import type { Duration } from "./chance.ts";
import { Link } from "./link.ts";
import type { World } from "./world.ts";

/** As between machines of one data centre. */
const NEAR: Duration = { kind: "lognormal", mean: 0.25, sigma: 0.4 };

export class Network {
  readonly #world: World;
  readonly #hosts = new Map<string, Host>();
  readonly #links = new Map<string, Link>();

  constructor(world: World) {
    this.#world = world;
  }

  /** `host` answers at `address`, written as the config writes it. */
  attach(address: string, host: Host): void {
    this.#hosts.set(address, host);
  }

  link(from: string, to: string): Link {
    const key = `${from} to ${to}`;
    let link = this.#links.get(key);
    if (link === undefined) {
      link = new Link(from, NEAR, this.#world.stream(`link ${key}`));
      this.#links.set(key, link);
    }
    return link;
  }

  /** How `from` connects to others. */
  dialer(from: string): Dial {
    return ({ text }: Address, events) => {
      const host = this.#hosts.get(text);
      if (host === undefined) throw new Error(`nobody has the address ${text}`);
      return new Cable(this.#world, this.link(from, text), host, events);
    };
  }
}
