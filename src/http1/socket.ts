// Sockets that read into buffers of ours: no allocation per read, and none that a thousand idle
// clients would hold.
import net from "node:net";
import type { Address } from "../core/address.ts";
import { lookUpLoopback } from "../core/loopback.ts";
import { Outbox } from "./outbox.ts";
import { OwnedSocket, type SocketOwner, telling } from "./owned.ts";

/** A connection to an endpoint, as its socket knows it. */
export interface SocketEvents extends SocketOwner {
  onConnect(): void;
  onWriteFailed(): void;
}

/** What carries bytes to an endpoint and back. A simulated world brings its own. */
export type Line = Pick<EndpointSocket, keyof EndpointSocket>;

/** Begins to connect to `address`. */
export type Dial = (address: Address, events: SocketEvents) => Line;

/** Bytes from which a writer is asked to wait. */
const HIGH_WATER_MARK = 32 * 1024;

/**
 * Takes over a socket that a server has accepted, with `pauseOnConnect`, before it is read.
 * `net.Server` has no option for the buffer that its sockets read into; a socket made around the same
 * handle has one.
 */
export function adopt(accepted: net.Socket, owner: SocketOwner): OwnedSocket {
  const handle = handleOf(accepted);
  Reflect.set(accepted, "_handle", null);
  accepted.destroy();
  const options = { allowHalfOpen: true, highWaterMark: HIGH_WATER_MARK };
  Reflect.set(options, "handle", handle);
  const socket = new OwnedSocket(owner, options);
  // Without a handle it was closed before it came here.
  if (handle === undefined) socket.destroy();
  return socket;
}

/**
 * Gives up a socket, with its connection, to somebody who reads it in another way: whatever has been read is
 * to be read by him first. The owner hears nothing of it any more.
 */
export function release(owned: OwnedSocket, read: Buffer): net.Socket {
  const handle = handleOf(owned);
  Reflect.set(owned, "_handle", null);
  owned.removeAllListeners("close");
  owned.destroy();
  const options = { allowHalfOpen: true, readable: true, writable: true };
  Reflect.set(options, "handle", handle);
  const socket = new net.Socket(options);
  if (handle === undefined) socket.destroy();
  else socket.unshift(read);
  return socket;
}

/**
 * Ends a connection so that the other side can tell. Where its orderly end has begun already, a reset
 * would fail inside Node and leave the descriptor open.
 */
export function cutSocket(socket: net.Socket): void {
  // Of unix sockets there is no reset.
  const resets = "reset" in (handleOf(socket) ?? {});
  if (socket.writableEnded || !resets) socket.destroy();
  else socket.resetAndDestroy();
}

/**
 * Has the other side reset the connection? Asked while nothing is read, when nobody else would say so: the
 * kernel then knows no peer any more. It tells nothing of an orderly end, nor of unix sockets.
 */
export function isReset(socket: net.Socket): boolean {
  const { getpeername } = handleOf(socket) ?? {};
  return getpeername !== undefined && Reflect.apply(getpeername, handleOf(socket), [{}]) !== 0;
}

/** How many bytes the kernel has taken of what was written, to the byte. */
export function takenBytes(socket: net.Socket): number {
  const { bytesWritten, writeQueueSize } = handleOf(socket) ?? {};
  if (bytesWritten !== undefined && writeQueueSize !== undefined)
    return bytesWritten - writeQueueSize;
  // Whole writes only.
  return socket.bytesWritten - socket.writableLength;
}

/** What Node's sockets have below them, as far as it is used here: none of it is documented. */
interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  readonly getpeername?: (out: object) => number;
}

function handleOf(socket: net.Socket): Handle | undefined {
  return Reflect.get(socket, "_handle") ?? undefined;
}

class Socket extends OwnedSocket {
  declare readonly owner: SocketEvents;
  writeError: Error | undefined;

  constructor(events: SocketEvents) {
    super(events);
    this.on("connect", onConnect);
  }

  /**
   * A server may answer early and close, so that our writing fails while its answer waits in the
   * kernel. Node would destroy the socket and the answer with it; so a failed write only says so, and
   * reading goes on until the other side's end or the connection's timer.
   */
  override destroy(error?: Error): this {
    if (error === undefined || this.writeError !== undefined || !isWriteError(error)) {
      return super.destroy(error);
    }
    this.writeError = error;
    this.failure ??= error;
    this.owner.onWriteFailed();
    return this;
  }
}

const onConnect = telling(({ owner }: Socket) => owner.onConnect());

function isWriteError(error: Error): boolean {
  return "syscall" in error && (error.syscall === "write" || error.syscall === "writev");
}

export class EndpointSocket {
  readonly #socket: Socket;
  readonly #outbox: Outbox;

  constructor(address: Address, events: SocketEvents) {
    const socket = new Socket(events);
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
    socket.setNoDelay(true);
    if (address.kind === "unix") socket.connect({ path: address.path });
    else socket.connect({ host: address.host, port: address.port, lookup: lookUpLoopback });
  }

  /** Can it not be written to any more? */
  get finished(): boolean {
    return this.#socket.destroyed || this.#socket.writeError !== undefined;
  }

  get writeError(): Error | undefined {
    return this.#socket.writeError;
  }

  /** `text` has one character per byte. */
  sendText(text: string): void {
    if (!this.finished) this.#outbox.sendText(text);
  }

  /** False when the kernel takes no more; `onDrain` follows. */
  send(view: Buffer, chunked: boolean): boolean {
    if (this.finished) return true;
    this.#outbox.sendBytes(view, chunked);
    return this.#outbox.flows;
  }

  endTunnel(): void {
    this.#outbox.flush();
    this.#socket.end();
  }

  pause(): void {
    this.#socket.rest();
  }

  resume(): void {
    this.#socket.resume();
  }

  destroy(): void {
    this.#socket.destroy();
  }
}
