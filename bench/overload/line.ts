// One connection of the generator: asks one thing at a time and reads what is answered.
import { connect, type Socket } from "node:net";

/** The head of an answer, as far as it matters. */
export interface Reply {
  readonly status: number;
  readonly reason: string | undefined;
}

/** Who hears what becomes of what was asked, by the number under which it was. */
interface Listener {
  answered(shot: number, reply: Reply): void;
  broken(shot: number, why: string): void;
  closed(): void;
}

/** What is read is looked at before the next read: one buffer is enough for all. */
const BUFFER = Buffer.allocUnsafeSlow(64 * 1024);
const NOBODY = -1;

export class Line {
  open = true;
  readonly #socket: Socket;
  readonly #listener: Listener;
  #shot = NOBODY;
  #read = "";

  constructor(port: number, listener: Listener) {
    this.#listener = listener;
    const socket = connect({
      ...{ host: "127.0.0.1", port, noDelay: true },
      onread: {
        buffer: BUFFER,
        callback: (length) => {
          this.#take(BUFFER.toString("latin1", 0, length));
          return true;
        },
      },
    });
    this.#socket = socket;
    let why = "closed";
    socket.on("error", (error) => {
      why = "code" in error ? String(error.code) : error.message;
    });
    socket.on("close", () => {
      this.#lose(why);
      listener.closed();
    });
  }

  /** Resolves when it is connected, or cannot be. */
  connected(): Promise<void> {
    return new Promise((resolve) => {
      this.#socket.once("connect", resolve);
      this.#socket.once("close", () => resolve());
    });
  }

  ask(shot: number, bytes: Buffer): void {
    this.#shot = shot;
    this.#socket.write(bytes);
  }

  /** At once, by a reset: tens of thousands that are closed in good order would use up the ports. */
  close(): void {
    this.open = false;
    this.#shot = NOBODY;
    this.#socket.resetAndDestroy();
  }

  #lose(why: string): void {
    this.open = false;
    const shot = this.#shot;
    this.#shot = NOBODY;
    if (shot !== NOBODY) this.#listener.broken(shot, why);
  }

  #take(text: string): void {
    this.#read += text;
    const end = this.#read.indexOf("\r\n\r\n");
    if (end < 0) return;
    const length = /\r\ncontent-length: *([0-9]+)/i.exec(this.#read)?.[1];
    if (length === undefined || this.#shot === NOBODY) {
      this.#lose(length === undefined ? "an answer without a length" : "an answer to nobody");
      this.#socket.destroy();
      return;
    }
    if (this.#read.length < end + 4 + Number(length)) return;
    const head = this.#read;
    const shot = this.#shot;
    this.#shot = NOBODY;
    this.#read = "";
    if (/\r\nconnection: *close/i.test(head)) this.close();
    const status = Number(head.slice(9, 12));
    const reason = status === 200 ? undefined : /\r\nx-tidegate-reason: *(\S+)/i.exec(head)?.[1];
    this.#listener.answered(shot, { status, reason });
  }
}
