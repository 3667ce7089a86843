// The wait before a request goes again.
import type { Exchange } from "../core/exchange.ts";

/**
 * Waits so long, `now` being the time; at once where that is nothing. A client that goes away cuts it
 * short. False when no answer is wanted any more.
 */
export async function pause(exchange: Exchange, now: number, waitMs: number): Promise<boolean> {
  if (waitMs > 0 && isWanted(exchange)) await until(exchange, now + waitMs);
  return isWanted(exchange);
}

function until(exchange: Exchange, at: number): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      exchange.deadline(Number.POSITIVE_INFINITY);
      resolve();
    };
    const nothing = (): void => {};
    exchange.listener = {
      ...{ onGone: over, onDeadline: over },
      ...{ onResponseDrain: nothing, onBodyBlocked: nothing },
    };
    exchange.deadline(at);
  });
}

function isWanted(exchange: Exchange): boolean {
  return !exchange.gone && exchange.wrong === undefined;
}
