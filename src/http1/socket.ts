// Sockets that read into buffers of ours: no allocation per read, and none that a thousand idle
// clients would hold.
import net from "node:net";
import type { TLSSocket } from "node:tls";
import type { Address } from "../core/address.ts";
import { lookUpLoopback } from "../core/loopback.ts";
import { Outbox } from "./outbox.ts";
import { type Owned, OwnedSocket, ownSecure, type SocketOwner, telling } from "./owned.ts";

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
 * Takes over a socket that a server has accepted, with `pauseOnConnect`, before it is read; or one whose TLS
 * handshake is over. `net.Server` has no option for the buffer that its sockets read into; a socket made
 * around the same handle has one.
 */
export function adopt(accepted: net.Socket, owner: SocketOwner): Owned {
  if (isSecure(accepted)) return ownSecure(accepted, owner, true);
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

function isSecure(socket: net.Socket): socket is TLSSocket {
  return "encrypted" in socket;
}

/** The socket of the kernel's connection, where `socket` is a TLS socket around one. */
export function socketBelow(socket: net.Socket): net.Socket {
  return isSecure(socket) ? (Reflect.get(socket, "_parent") ?? socket) : socket;
}

/**
 * Gives up a socket, with its connection, to somebody who reads it in another way: whatever has been read is
 * to be read by him first. The owner hears nothing of it any more.
 */
export function release(owned: Owned, read: Buffer): net.Socket {
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
  const below = socketBelow(socket);
  // Of unix sockets there is no reset.
  const resets = "reset" in (handleOf(below) ?? {});
  if (!socket.writableEnded && resets && !isSecure(below)) below.resetAndDestroy();
  socket.destroy();
}

/**
 * Has the other side reset the connection? Asked while nothing is read, when nobody else would say so: the
 * kernel then knows no peer any more. It tells nothing of an orderly end, nor of unix sockets.
 */
export function isReset(socket: net.Socket): boolean {
  const handle = handleBelow(socket);
  const { getpeername } = handle ?? {};
  return getpeername !== undefined && Reflect.apply(getpeername, handle, [{}]) !== 0;
}

/** How many bytes the kernel has taken of what was written, to the byte; with TLS, of its records. */
export function takenBytes(socket: net.Socket): number {
  const { bytesWritten, writeQueueSize } = handleBelow(socket) ?? {};
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
  /** With TLS: the kernel's. */
  readonly _parent?: Handle;
}

function handleOf(socket: net.Socket): Handle | undefined {
  return Reflect.get(socket, "_handle") ?? undefined;
}

/** That of the kernel's connection. */
function handleBelow(socket: net.Socket): Handle | undefined {
  const handle = handleOf(socket);
  return handle?._parent ?? handle;
}

/** A socket towards an endpoint. */
export type EndpointStream = Owned & { writeError: Error | undefined };

class PlainStream extends OwnedSocket {
  declare readonly owner: SocketEvents;
  writeError: Error | undefined;

  constructor(address: Address, events: SocketEvents) {
    super(events);
    this.on("connect", onConnect).setNoDelay(true);
    if (address.kind === "unix") this.connect({ path: address.path });
    else this.connect({ host: address.host, port: address.port, lookup: lookUpLoopback });
  }

  override destroy(error?: Error): this {
    return isKept(this, this.owner, error) ? this : super.destroy(error);
  }
}

const onConnect = telling(({ owner }: PlainStream) => owner.onConnect());

/**
 * A server may answer early and close, so that our writing fails while its answer waits in the
 * kernel. Node would destroy the socket and the answer with it; so a failed write only says so, and
 * reading goes on until the other side's end or the connection's timer. True where `error` is such a failure.
 */
export function isKept(stream: EndpointStream, events: SocketEvents, error?: Error): boolean {
  if (error === undefined || stream.writeError !== undefined || !isWriteError(error)) return false;
  stream.writeError = error;
  stream.failure ??= error;
  events.onWriteFailed();
  return true;
}

function isWriteError(error: Error): boolean {
  return "syscall" in error && (error.syscall === "write" || error.syscall === "writev");
}

/**
 * Does the other side not take our certificate? With TLS 1.3 we hear of it when for us the handshake is over; what
 * was sent meanwhile nobody has seen.
 */
export function isTurnedAway(error: Error | undefined): boolean {
  const code = error !== undefined && "code" in error ? String(error.code) : "";
  return /^ERR_SSL_.*ALERT_.*(?:CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/.test(code);
}

/** Connects without TLS. */
export function dialPlain(address: Address, events: SocketEvents): EndpointSocket {
  return new EndpointSocket(new PlainStream(address, events));
}

export class EndpointSocket {
  readonly #socket: EndpointStream;
  readonly #outbox: Outbox;

  constructor(socket: EndpointStream) {
    this.#socket = socket;
    this.#outbox = new Outbox(socket);
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
