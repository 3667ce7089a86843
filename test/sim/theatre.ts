// Plays scenarios in a thread of their own. The test runner follows every promise of the thread that it
// runs in, and that takes twice as long as the play.
import { once } from "node:events";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import type { Run } from "./stage.ts";

export interface Order {
  /** Of a scenario. */
  readonly name: string;
  readonly seed: number;
  /** How long clients come, if not as long as the scenario says. */
  readonly seconds?: number;
  /** Is the journal wanted? */
  readonly journal?: boolean;
}

export interface Told extends Pick<Run, "breaches" | "promised" | "digest"> {
  /** Empty unless it was wanted. */
  readonly journal: string;
}

export class Theatre {
  readonly #worker: Worker;

  constructor() {
    const env = { ...process.env, NODE_OPTIONS: "" };
    this.#worker = new Worker(join(import.meta.dirname, "player.ts"), { execArgv: [], env });
  }

  /** Plays one scenario; the next one when it has ended. Rejects when the play throws. */
  async play(order: Order): Promise<Told> {
    this.#worker.postMessage(order);
    const [told] = await once(this.#worker, "message");
    return told;
  }

  async close(): Promise<void> {
    await this.#worker.terminate();
  }
}
