// A socket that tells one object, its connection, what happens. A thousand of them share their listeners:
// nothing is made for each.
import net from "node:net";
import type { TLSSocket } from "node:tls";
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

interface OwnedParts {
  readonly owner: SocketOwner;
  /** Why it closes, unless in good order. */
  failure: Error | undefined;
  /** Stops reading, for who knows how long. */
  rest(): void;
}

/** A socket as its connection uses it, with or without TLS. */
export type Owned = net.Socket & OwnedParts;

export class OwnedSocket extends net.Socket implements OwnedParts {
  readonly owner: SocketOwner;
  failure: Error | undefined;
  readonly #reads: ReadBuffer;

  constructor(owner: SocketOwner, options: net.SocketConstructorOpts = {}) {
    const reads = new ReadBuffer(owner);
    super({ ...options, onread: reads.onread });
    this.owner = owner;
    this.#reads = reads;
    this.on("end", onEnd).on("drain", onDrain).on("error", onError).on("close", onClose);
  }

  rest(): void {
    this.#reads.rest();
    this.pause();
  }
}

/**
 * Makes a TLS socket tell `owner` what happens; bytes come by its `onread` or, where it has none (Node knows it
 * for clients only), with `asData`. Where the other side has sent its FIN without a close_notify, anybody may
 * have done so: that is no end but a failure.
 */
export function ownSecure(socket: TLSSocket, owner: SocketOwner, asData: boolean): Owned {
  const { push } = socket;
  let cut = false;
  const parts: OwnedParts = { owner, failure: undefined, rest: () => void socket.pause() };
  const owned = Object.assign(socket, {
    ...parts,
    // Not at "end": by then the FIN behind a close_notify may have been read, too.
    push(chunk: unknown, encoding?: BufferEncoding): boolean {
      if (chunk === null) cut = isCut(socket);
      return Reflect.apply(push, socket, [chunk, encoding]);
    },
  });
  if (asData) owned.on("data", onData);
  owned.on("end", () => {
    if (cut && !owned.writableEnded) owned.destroy(new Error(CUT));
    else onEnd.call(owned);
  });
  return owned.on("drain", onDrain).on("error", onError).on("close", onClose);
}

const CUT = "TLS: the connection was closed without close_notify";

/**
 * Is the end that is being read a bare FIN? After a close_notify alone the kernel's side is still being read, as
 * libuv says when it is asked to begin with it, or is not because we have paused it.
 */
function isCut(socket: TLSSocket): boolean {
  const handle: object | undefined = Reflect.get(socket, "_handle") ?? undefined;
  if (handle === undefined || Reflect.get(handle, "reading") !== true) return false;
  const below: object = Reflect.get(handle, "_parent");
  return Reflect.apply(Reflect.get(below, "readStart"), below, []) === 0;
}

/** A listener for the sockets of all connections; what it throws goes to the owner. */
export function telling<S extends Owned>(tell: (socket: S) => void): (this: S) => void {
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

function onData(this: Owned, chunk: Buffer): void {
  try {
    this.owner.onBytes(chunk);
  } catch (error) {
    this.owner.onBug(error);
  }
}

function onError(this: Owned, error: Error): void {
  // What comes behind the first one is its consequence.
  this.failure ??= error;
}
