// The probe that asks for no more than a connection.
import type { Address } from "../core/address.ts";
import { NO_ADVICE } from "../policy/advice.ts";
import { type Answer, dial, ready, type Secured } from "./probe.ts";

/** Connects, and closes. The kernel accepts for a service that hangs: HTTP or gRPC would tell. */
export async function probeTcp(
  address: Address,
  signal: AbortSignal,
  secured?: Secured,
): Promise<Answer> {
  const socket = dial(address, signal, secured);
  try {
    await ready(socket);
    // What it said of itself when it was asked in another way is of the past.
    return { passed: true, reason: "connected", advice: NO_ADVICE };
  } finally {
    socket.destroy();
  }
}
