// Binds a server to a TCP address or a unix socket.
import { existsSync, lstatSync, unlinkSync } from "node:fs";
import { connect, type Server } from "node:net";
import { dirname } from "node:path";
import { type Address, tcpAddress } from "../core/address.ts";
import { StartError } from "./starterror.ts";

/** Connections that wait to be accepted; the kernel allows fewer where its own limit is lower. */
const BACKLOG = 4096;
/** Unix sockets are for this user alone unless told otherwise. */
const OWNER_ONLY = 0o600;

/**
 * Makes `server` listen and gives the address, with the real port where 0 was asked for. The file of
 * a unix socket gets `mode`; one that is left of a process that is gone is replaced. Throws what
 * `listen` throws, code and all, with a message that says where, why, and what to do.
 */
export async function bindServer(
  server: Server,
  address: Address,
  mode = OWNER_ONLY,
): Promise<Address> {
  if (address.kind === "unix") await removeStale(address.path);
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject);
  server.once("listening", resolve);
  if (address.kind === "unix") listenPrivately(server, address.path, mode);
  else server.listen({ host: address.host, port: address.port, backlog: BACKLOG });
  try {
    await promise;
  } catch (error) {
    if (error instanceof Error) error.message = problem(address, error);
    throw error;
  }
  server.off("error", reject);
  const bound = server.address();
  return address.kind === "tcp" && bound !== null && typeof bound === "object"
    ? tcpAddress(address.host, bound.port)
    : address;
}

/** The file has its mode from the start: `listen` makes it before it returns. */
function listenPrivately(server: Server, path: string, mode: number): void {
  const before = process.umask(0o777 & ~mode);
  try {
    server.listen({ path });
  } finally {
    process.umask(before);
  }
}

/** Removes the file of a unix socket on which nothing answers; anything else stays. */
async function removeStale(path: string): Promise<void> {
  const stats = lstatSync(path, { throwIfNoEntry: false });
  if (stats === undefined) return;
  if (!stats.isSocket()) {
    throw new StartError(
      `cannot listen on unix:${path}: a file that is not a socket is there; ` +
        "move it away or choose another path",
    );
  }
  if ((await knock(path)) === "ECONNREFUSED") unlinkSync(path);
}

/** Connects and leaves again: the error code, or undefined when someone answered. */
function knock(path: string): Promise<string | undefined> {
  const { promise, resolve } = Promise.withResolvers<string | undefined>();
  const socket = connect({ path });
  socket.once("connect", () => resolve(undefined));
  socket.once("error", (error) => resolve(codeOf(error)));
  return promise.finally(() => socket.destroy());
}

const ADVICE: Readonly<Record<string, string>> = {
  EADDRINUSE: "another process listens there; stop it or choose another address",
  EADDRNOTAVAIL: "this machine does not have that address; choose one that it has",
  EACCES: "this user may not; choose a port above 1023, or a directory that it may write to",
  ENOENT: "its directory does not exist; make it",
  ENOTFOUND: "no such host name; write an IP address",
  EINVAL: "the path is too long for a unix socket; choose one of at most 107 bytes",
  EMFILE: "no file descriptors are left; raise the limit on open files",
};

function problem(address: Address, error: unknown): string {
  // For a unix socket, EACCES may also say that its directory is not there.
  const lost = address.kind === "unix" && !existsSync(dirname(address.path));
  const code = lost ? "ENOENT" : codeOf(error);
  return `cannot listen on ${address.text}: ${ADVICE[code ?? ""] ?? String(error)}`;
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error ? String(error.code) : undefined;
}

/** Says so when it is this process itself that listens where it should listen anew; `own` is where, by name. */
export function takenByOurselves(
  error: unknown,
  own: Readonly<Record<string, Address>>,
): StartError | undefined {
  if (!(error instanceof Error) || codeOf(error) !== "EADDRINUSE") return undefined;
  const port = "port" in error ? error.port : undefined;
  const [name, at] =
    Object.entries(own).find(([, each]) => each.kind === "tcp" && each.port === port) ?? [];
  if (name === undefined || at === undefined) return undefined;
  return new StartError(
    `cannot listen on port ${port} anew: ${name} listens on ${at.text} until the reload is over; ` +
      "restart the sidecar, or choose another port",
  );
}
