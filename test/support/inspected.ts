// What a Node process holds on to, asked of its inspector: after a full collection, so that it is what it needs.
import type { Child } from "./process.ts";

/** The flag with which a process is started that is asked. */
export const INSPECT = "--inspect=127.0.0.1:0";

/** In bytes: `heap` is of JavaScript, `external` what it holds outside. */
export interface Held {
  readonly heap: number;
  readonly external: number;
}

const ASK = "JSON.stringify(process.memoryUsage())";

export class Inspected {
  readonly #socket: WebSocket;
  readonly #answers = new Map<number, (result: unknown) => void>();
  #asked = 0;

  private constructor(socket: WebSocket) {
    this.#socket = socket;
    socket.onmessage = ({ data }) => {
      const { id, result } = JSON.parse(String(data));
      this.#answers.get(id)?.(result);
      this.#answers.delete(id);
    };
  }

  static async of(child: Child): Promise<Inspected> {
    const where = /Debugger listening on (ws:\S+)/;
    await child.bell.until(() => where.test(child.stderr));
    const socket = new WebSocket(where.exec(child.stderr)?.[1] ?? "");
    await new Promise((done, failed) => {
      socket.onopen = done;
      socket.onerror = failed;
    });
    return new Inspected(socket);
  }

  /** Collects what nobody needs, and tells of the rest. */
  async held(): Promise<Held> {
    // What a finalizer lets go of is collected by the next one.
    for (let i = 0; i < 3; i++) await this.#ask("HeapProfiler.collectGarbage");
    const answer = await this.#ask("Runtime.evaluate", { expression: ASK });
    const { heapUsed, external } = JSON.parse(
      Reflect.get(Object(Reflect.get(Object(answer), "result")), "value"),
    );
    return { heap: heapUsed, external };
  }

  close(): void {
    this.#socket.close();
  }

  #ask(method: string, params = {}): Promise<unknown> {
    const id = ++this.#asked;
    this.#socket.send(JSON.stringify({ id, method, params }));
    return new Promise((done) => this.#answers.set(id, done));
  }
}
