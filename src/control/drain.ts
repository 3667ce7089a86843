// The end in good order: unready, as usual for a while, then nothing new, and what was begun is finished.
import type { Logger } from "pino";

/** What takes requests. */
interface Draining {
  /** Takes no new connections. Resolves when all have ended, after what was begun on them. */
  drain(): Promise<void>;
  readonly connections: number;
}

export interface DrainWorld {
  readonly traffic: Draining;
  readonly log: Logger;
  readonly now: () => number;
  readonly after: (delayMs: number) => Promise<void>;
}

/** Resolves when nothing is left, or `timeout` is over; times in milliseconds. */
export async function drainAll(
  { delay, timeout }: { readonly delay: number; readonly timeout: number },
  { traffic, log, now, after }: DrainWorld,
): Promise<void> {
  const end = now() + timeout;
  log.info({ delay, timeout }, "draining");
  await after(Math.min(delay, timeout));
  const finished = traffic.drain().then(() => true);
  const late = after(end - now()).then(() => false);
  if (await Promise.race([finished, late])) return;
  const { connections } = traffic;
  log.warn({ connections }, "drain.timeout is over; connections are cut");
}
