// A request at a simulated sidecar: what its caller is sent, and the wire that the real exchange writes to.
import { Timer, type Wheel } from "../../src/core/wheel.ts";
import { chunkOf } from "../../src/http1/encode.ts";
import type { Wire } from "../../src/http1/exchange.ts";
import type { Caller } from "./call.ts";

/** What became of one request at one sidecar. */
export class Served {
  readonly id: string;
  /** What the caller was sent. */
  text = "";
  /** How often its answer was over. */
  finished = 0;
  /** The caller went away, or was cut off. */
  gone = false;

  constructor(id: string) {
    this.id = id;
  }

  get status(): number {
    return Number(/^(?:HTTP\/1\.1 1[\s\S]*?\r\n\r\n)*HTTP\/1\.1 (\d+)/.exec(this.text)?.[1] ?? 0);
  }

  get reason(): string | undefined {
    return /\r\nx-tidegate-reason: (\w+)\r\n/.exec(this.text)?.[1];
  }

  /** Has everything come that its head announces? */
  get whole(): boolean {
    const end = this.text.indexOf("\r\n\r\n") + 4;
    const length = /\r\ncontent-length: (\d+)\r\n/i.exec(this.text)?.[1];
    return end >= 4 && this.text.length - end === Number(length);
  }
}

export class ServedWire implements Wire {
  readonly closing = false;
  readonly output: Wire["output"];
  readonly #served: Served;
  readonly #caller: Caller;
  readonly #wheel: Wheel;
  readonly #deadline: Timer;

  constructor(served: Served, caller: Caller, wheel: Wheel, onDeadline: () => void) {
    this.#served = served;
    this.#caller = caller;
    this.#wheel = wheel;
    this.#deadline = new Timer(onDeadline);
    this.output = {
      sendText: (text) => this.#send(text),
      sendBody: (view, chunked) => {
        const text = view.toString("latin1");
        return this.#send(chunked ? chunkOf(text) : text);
      },
    };
  }

  /** Bodies are here as a whole before anything is asked of them. */
  pauseReading(): void {}

  resumeReading(): void {}

  tunnelled(): void {
    throw new Error("no tunnels in this world");
  }

  armDeadline(at: number): void {
    if (at === Number.POSITIVE_INFINITY) this.#wheel.disarm(this.#deadline);
    else this.#wheel.armAt(this.#deadline, at);
  }

  finished(close: boolean): void {
    this.#served.finished++;
    this.#wheel.disarm(this.#deadline);
    this.#caller.answered(close);
  }

  /** A caller has one request under way at a time. */
  settled(): void {}

  cut(): void {
    this.#served.gone = true;
    this.#caller.cut();
  }

  /** The caller has gone: there is nobody to be late for. */
  gone(): void {
    this.#served.gone = true;
    this.#wheel.disarm(this.#deadline);
  }

  #send(text: string): boolean {
    this.#served.text += text;
    this.#caller.answer(text);
    return true;
  }
}
