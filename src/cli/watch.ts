// `status --watch`: asks again and again, and shows what has changed, until it is told to end.
import { setTimeout } from "node:timers/promises";
import { NoAnswer } from "./admin/ask.ts";

export interface Watching {
  /** Milliseconds from one question to the next. */
  readonly everyMs: number;
  /** Asks, and shows the answer. Rejects with a NoAnswer where there is none. */
  readonly show: () => Promise<void>;
  /** Shows why there is none. */
  readonly lost: (why: string) => void;
  readonly end: () => void;
}

/**
 * Resolves at SIGINT, at SIGTERM, and when nobody reads any more. Rejects when there is no answer at first;
 * later a sidecar may be away for a while.
 */
export async function watch({ everyMs, show, lost, end }: Watching): Promise<void> {
  const over = new AbortController();
  const stop = (): void => over.abort();
  process.once("SIGINT", stop).once("SIGTERM", stop);
  process.stdout.once("error", stop);
  try {
    await show();
    while (await waits(everyMs, over.signal)) {
      try {
        await show();
      } catch (error) {
        if (!(error instanceof NoAnswer)) throw error;
        lost(error.message);
      }
    }
  } finally {
    end();
    process.off("SIGINT", stop).off("SIGTERM", stop);
  }
}

/** False when it is over. */
async function waits(ms: number, signal: AbortSignal): Promise<boolean> {
  await setTimeout(ms, undefined, { signal }).catch(() => {});
  return !signal.aborted;
}
