// What an attempt is made of, and how its response can end.

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
  /** When the whole of the response must be here, where the client has said so; else Infinity. */
  readonly callDeadline: number;
  /** Is it what somebody not trusted has said that ends the time? */
  readonly hasty: boolean;
}

/** The trailers of a call that took longer than its client waits: DEADLINE_EXCEEDED, and why. */
export const OVERDUE =
  "grpc-status: 4\r\ngrpc-message: upstream_timeout\r\nx-tidegate-reason: upstream_timeout\r\n";
