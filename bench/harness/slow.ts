// Clients that ask with a big head and then do not read: what a proxy must hold for each of them.
import { connect, type Socket } from "node:net";

/** How many bytes of head each of them sends: close to what every contender takes by default. */
export const HEAD_BYTES = 14 * 1024;
const FIELD_BYTES = 2 * 1024;

/** Holds connections whose clients have stopped reading; `stop` ends them. */
export interface SlowReaders {
  /** How many got the first bytes of an answer. */
  readonly answered: number;
  stop(): void;
}

/**
 * Opens `count` connections to `port` that ask for `path` and read once. Resolves when each of
 * them has had its first bytes or has failed, or after `patienceMs`.
 */
export async function slowReaders(
  port: number,
  path: string,
  { count, patienceMs }: { readonly count: number; readonly patienceMs: number },
): Promise<SlowReaders> {
  const head = headOf(path);
  const sockets: Socket[] = [];
  const firsts: Promise<boolean>[] = [];
  for (let index = 0; index < count; index++) {
    const socket = connect(port, "127.0.0.1");
    sockets.push(socket);
    firsts.push(firstBytes(socket));
    socket.write(head);
  }
  // Those that are still waiting when patience ends are destroyed, and count as not answered.
  const timer = setTimeout(() => {
    for (const socket of sockets) if (socket.bytesRead === 0) socket.destroy();
  }, patienceMs);
  const answered = (await Promise.all(firsts)).filter(Boolean).length;
  clearTimeout(timer);
  return {
    answered,
    stop() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

function firstBytes(socket: Socket): Promise<boolean> {
  return new Promise((resolve) => {
    socket.once("data", (bytes: Buffer) => {
      socket.pause();
      resolve(bytes.toString("latin1", 0, 12) === "HTTP/1.1 200");
    });
    socket.once("error", () => resolve(false));
    socket.once("close", () => resolve(false));
  });
}

function headOf(path: string): string {
  const lines = [`GET ${path} HTTP/1.1`, "Host: slow.example"];
  const start = "x-padding-0: ";
  for (let index = 0; index < HEAD_BYTES / FIELD_BYTES; index++) {
    lines.push(`x-padding-${index}: ${"p".repeat(FIELD_BYTES - start.length - 2)}`);
  }
  return `${lines.join("\r\n")}\r\n\r\n`;
}
