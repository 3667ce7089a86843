// A server of the control plane that can move: it listens at the new place before it leaves the old one.
import type { Address } from "../core/address.ts";
import type { Prepared } from "../core/prepared.ts";
import type { ControlServer } from "./server.ts";

const STAYS: Prepared = { commit: () => {}, undo: () => {} };

export class MovableServer {
  readonly #start: (bind: Address) => Promise<ControlServer>;
  #bind: Address | undefined;
  #server: ControlServer | undefined;

  constructor(start: (bind: Address) => Promise<ControlServer>) {
    this.#start = start;
  }

  /** Where it listens, with the real port; undefined while it does not. */
  get address(): Address | undefined {
    return this.#server?.address;
  }

  /** Listens at `bind`, too, and rejects when that cannot be; where it listens there already, nothing is done. */
  async prepare(bind: Address): Promise<Prepared> {
    if (this.#bind?.text === bind.text) return STAYS;
    const server = await this.#start(bind);
    return {
      undo: () => void server.close(),
      commit: () => {
        const old = this.#server;
        this.#bind = bind;
        this.#server = server;
        void old?.close();
      },
    };
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }
}
