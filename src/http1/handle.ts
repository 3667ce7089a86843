// What Node's sockets have below them, as far as it is used here: none of it is documented. Where it is missing,
// the socket's own ways are taken.
import type { Socket } from "node:net";

/** The kernel's connection, or TLS above it. */
export interface Handle {
  readonly bytesWritten?: number;
  readonly writeQueueSize?: number;
  readonly getpeername?: (out: object) => number;
  /** 0, or an error's negative number; or else a request, whose text is kept as the kernel does not take all of it. */
  writeLatin1String?(request: null, text: string): number | WriteRequest;
  /** With TLS: the kernel's. */
  readonly _parent?: Handle;
}

/** What Node calls WriteWrap. */
interface WriteRequest {
  /** Called when the kernel has taken all, or with an error's negative number. */
  oncomplete?: (status: number) => void;
  /** The same, where it was known at once. */
  readonly writeStatus?: number | null;
}

/** That of `socket`, until it is closed. */
export function handleOf(socket: Socket): Handle | undefined {
  return Reflect.get(socket, "_handle") ?? undefined;
}

/** That of the kernel's connection. */
function handleBelow(socket: Socket): Handle | undefined {
  const handle = handleOf(socket);
  return handle?._parent ?? handle;
}

/**
 * Has the other side reset the connection? Asked while nothing is read, when nobody else would say so: the
 * kernel then knows no peer any more. It tells nothing of an orderly end, nor of unix sockets.
 */
export function isReset(socket: Socket): boolean {
  const handle = handleBelow(socket);
  const { getpeername } = handle ?? {};
  return getpeername !== undefined && Reflect.apply(getpeername, handle, [{}]) !== 0;
}

/** How many bytes the kernel has taken of what was written, to the byte; with TLS, of its records. */
export function takenBytes(socket: Socket): number {
  const { bytesWritten, writeQueueSize } = handleBelow(socket) ?? {};
  if (bytesWritten !== undefined && writeQueueSize !== undefined)
    return bytesWritten - writeQueueSize;
  // Whole writes only.
  return socket.bytesWritten - socket.writableLength;
}

/** Has the kernel still to take some of what was written? */
export function owes(socket: Socket): boolean {
  return socket.writableLength > 0 || (handleBelow(socket)?.writeQueueSize ?? 0) > 0;
}
