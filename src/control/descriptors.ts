// How many connections the file descriptors of this process allow.
import { readFileSync } from "node:fs";

/**
 * Descriptors kept back from clients and endpoints: about 30 for Node itself and the logs,
 * 24 for the health listener and 8 for the admin listener (their `maxConnections`), 16 for probes.
 */
export const RESERVED_DESCRIPTORS = 80;

/**
 * The soft limit on open files of this process (Node raises it to the hard one as it starts);
 * Infinity where there is none or the system does not say, as on macOS.
 */
export function descriptorLimit(read: () => string = readLimits): number {
  try {
    const soft = /^Max open files\s+(\S+)/m.exec(read())?.[1];
    return soft === undefined || soft === "unlimited" ? Number.POSITIVE_INFINITY : Number(soft);
  } catch {
    return Number.POSITIVE_INFINITY;
  }
}

/**
 * How many client connections all listeners together may hold: what is configured, but no more
 * than half of the descriptors that are not reserved, since each may need one to an endpoint.
 * At least 1.
 */
export function connectionCap(configured: number, descriptors: number): number {
  const affordable = Math.floor((descriptors - RESERVED_DESCRIPTORS) / 2);
  return Math.max(1, Math.min(configured, affordable));
}

function readLimits(): string {
  return readFileSync("/proc/self/limits", "utf8");
}
