// A socket that tells one object, its connection, what happens. A thousand of them share their listeners:
// nothing is made for each.
import net from "node:net";
import { ReadBuffer } from "./readbuffer.ts";

/** A connection, as its socket knows it. What it throws is a bug, and costs one connection, not the process. */
export interface SocketOwner {
  /** The view is valid until the call returns. */
  onBytes(view: Buffer): void;
  /** The other side sends no more. */
  onEnd(): void;
  /** Everything written has gone to the kernel. */
  onDrain(): void;
  onClose(error: Error | undefined): void;
  /** Hears what the others have thrown. */
  onBug(error: unknown): void;
}

export class OwnedSocket extends net.Socket {
  readonly owner: SocketOwner;
  /** Why it closes, unless in good order. */
  failure: Error | undefined;
  readonly #reads: ReadBuffer;

  constructor(owner: SocketOwner, options: net.SocketConstructorOpts = {}) {
    const reads = new ReadBuffer(owner);
    super({ ...options, onread: reads.onread });
    this.owner = owner;
    this.#reads = reads;
    this.on("end", onEnd).on("drain", onDrain).on("error", onError).on("close", onClose);
  }

  /** Stops reading, for who knows how long. */
  rest(): void {
    this.#reads.rest();
    this.pause();
  }
}

/** A listener for the sockets of all connections; what it throws goes to the owner. */
export function telling<S extends OwnedSocket>(tell: (socket: S) => void): (this: S) => void {
  return function () {
    try {
      tell(this);
    } catch (error) {
      this.owner.onBug(error);
    }
  };
}

const onEnd = telling(({ owner }) => owner.onEnd());
const onDrain = telling(({ owner }) => owner.onDrain());
const onClose = telling(({ owner, failure }) => owner.onClose(failure));

function onError(this: OwnedSocket, error: Error): void {
  this.failure = error;
}
