// What the HTTP/2 connections of one listener have in common.
import type { Random } from "../core/clock.ts";
import type { Malformed, Peer, ReplyHead } from "../core/exchange.ts";
import type { ServerSettings } from "../http1/settings.ts";
import type { Flood } from "./floods.ts";

/** What one connection may take, beside what a request may. */
export interface StreamLimits {
  /** Requests at a time. */
  readonly streams: number;
  /** Bytes that a client may send of one body before it is told to go on; so much may wait here. */
  readonly streamWindow: number;
  /** The same of all bodies together, on their way. */
  readonly connectionWindow: number;
  /** Is a WebSocket taken by CONNECT (RFC 8441)? */
  readonly extendedConnect: boolean;
  /** Streams that end before they were worked on: so many of twice as many end the connection. */
  readonly prematureResets: number;
  /** And so many in a second. */
  readonly resetsPerSecond: number;
  /** PING and SETTINGS frames, each, in a second; and bytes of other frames of no use, divided by 13. */
  readonly controlFrames: number;
}

/** Of one listener. */
export interface StreamSettings
  extends Pick<ServerSettings, "limits" | "clock" | "wheel" | "draining" | "serve"> {
  readonly http2: StreamLimits;
  readonly random: Random;
  /** What to answer to a request that is refused before there is an exchange. */
  refusal(wrong: Malformed, peer: Peer): { readonly reply: ReplyHead; readonly body: string };
  /** A connection ends for what it sent, which may have been a flood. */
  broken(detail: string, peer: Peer, flood: Flood | undefined): void;
}
