// What an attempt is made of, and how its response can end.
import type { Exchange, ResponseHead } from "../core/exchange.ts";
import { DEADLINE_EXCEEDED } from "../core/grpc.ts";

/** How the response to the client ended. */
export type Ending = "complete" | "client_aborted" | "upstream_truncated";

/** What an attempt is to send, and until when. Times in `Clock.now()` milliseconds. */
export interface Plan {
  /** The request head. */
  readonly text: string;
  /** Only on a connection that has not been used before. */
  readonly fresh: boolean;
  readonly now: number;
  /** When the response head must be here; Infinity for never. */
  readonly deadline: number;
  /** The protocol that the endpoint may switch to. */
  readonly upgrade: string | undefined;
  /** Is it a call of gRPC? */
  readonly grpc: boolean;
  /** When the whole of the response must be here, where the client has said so; else Infinity. */
  readonly callDeadline: number;
  /** Is it what somebody not trusted has said that ends the time? */
  readonly hasty: boolean;
}

/**
 * Ends a response in its midst, because the call takes longer than its client waits: with trailers that say so,
 * where there may be any.
 */
export function endOverdue(exchange: Exchange, head: ResponseHead | undefined): Ending {
  exchange.dropBody();
  if (exchange.request.trailers && head?.framing.kind === "chunked") {
    exchange.end(OVERDUE);
    return "complete";
  }
  exchange.truncate();
  return "upstream_truncated";
}

const OVERDUE = `grpc-status: ${DEADLINE_EXCEEDED}\r\ngrpc-message: upstream_timeout\r\nx-tidegate-reason: upstream_timeout\r\n`;
