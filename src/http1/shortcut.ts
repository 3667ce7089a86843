// The way of a short text from us to the kernel, past the stream of its socket: the stream's books of what is
// kept cost more than most writes, of which nothing is kept. What the kernel takes no longer at once goes by the
// stream, in order: below, both end in the same queue.
import net from "node:net";
import { getSystemErrorName } from "node:util";
import { type Handle, handleOf } from "./handle.ts";

const POSSIBLE = streamsPassNull();

export class Shortcut {
  readonly #socket: net.Socket;
  #handle: Handle | undefined;
  /** Has the kernel still to take some of what went this way? */
  #kept = false;

  constructor(socket: net.Socket) {
    this.#socket = socket;
  }

  /** Writes `text`, of one byte per character; false when it is the stream's to write, all of it. */
  write(text: string): boolean {
    const socket = this.#socket;
    if (this.#kept || socket.writableLength > 0 || socket.connecting || socket.writableEnded)
      return false;
    const handle = this.#handle ?? this.#open();
    if (handle?.writeLatin1String === undefined) return false;
    const written = handle.writeLatin1String(null, text);
    // The stream meets the same error, and knows what to do about it.
    if (typeof written === "number") return written === 0;
    this.#kept = true;
    written.oncomplete = (status) => this.#taken(status);
    if (typeof written.writeStatus === "number") this.#taken(written.writeStatus);
    return true;
  }

  #open(): Handle | undefined {
    // TLS takes one write at a time, and aborts the process at another; it shows the queue of the socket below.
    if (!POSSIBLE || "encrypted" in this.#socket) return undefined;
    const handle = handleOf(this.#socket);
    if (handle?.writeQueueSize !== undefined) this.#handle = handle;
    return this.#handle;
  }

  #taken(status: number): void {
    this.#kept = false;
    if (status < 0) this.#socket.destroy(writeError(status));
  }
}

/** Do the streams of this Node write as we do? Those of older ones bring a request of their own making. */
function streamsPassNull(): boolean {
  let first: unknown;
  const handle = {
    writeLatin1String(request: unknown): number {
      first = request;
      return 0;
    },
    close(): void {},
  };
  const options = { readable: false };
  Reflect.set(options, "handle", handle);
  const socket = new net.Socket(options);
  socket.write("x", "latin1");
  socket.destroy();
  return first === null;
}

/** As Node's own. */
function writeError(errno: number): Error {
  const code = getSystemErrorName(errno);
  return Object.assign(new Error(`write ${code}`), { errno, code, syscall: "write" });
}
