// Starts, kills and brings back an instance of the demo's service, makes it sick and well again.
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const WORKER = fileURLToPath(new URL("./worker.ts", import.meta.url));

export interface Capacity {
  readonly workers: number;
  readonly serviceMs: number;
}

/** An instance on loopback that keeps its port over its deaths. */
export class Service {
  readonly capacity: Capacity;
  #port = 0;
  #child: ChildProcess | undefined;

  constructor(capacity: Capacity) {
    this.capacity = capacity;
  }

  get port(): number {
    return this.#port;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Resolves when it listens: on any free port at first, on the same one after that. */
  async start(): Promise<void> {
    const { workers, serviceMs } = this.capacity;
    const child = fork(WORKER, [this.#port, workers, serviceMs].map(String));
    this.#child = child;
    const gone = once(child, "exit").then(([code]) => {
      throw new Error(`demo: the service on port ${this.#port} ended with code ${code}; try again`);
    });
    const [message] = await Promise.race([once(child, "message"), gone]);
    // It will end one day; only an end before it listened is an error.
    gone.catch(() => {});
    this.#port = Number(message.port);
  }

  /** Resolves when every answer from now on is an error, or no more of them are. */
  async become(state: "sick" | "well"): Promise<void> {
    const child = this.#child;
    if (child === undefined) throw new Error("demo: a service that does not run cannot be sick");
    const done = Promise.race([once(child, "message"), once(child, "exit")]);
    child.send({ sick: state === "sick" });
    await done;
  }

  /** As `kill -9` does: nothing is finished, every connection is reset. */
  async kill(): Promise<void> {
    const child = this.#child;
    this.#child = undefined;
    if (child === undefined || child.exitCode !== null || child.signalCode !== null) return;
    const exit = once(child, "exit");
    child.kill("SIGKILL");
    await exit;
  }
}
