// A session of node:http2, set up as this listener wants it, and a little more forgiving than Node is.
import type { performServerHandshake, ServerHttp2Session } from "node:http2";
import type { Socket } from "node:net";
import type { StreamSettings } from "./settings.ts";

/** NGHTTP2_ERR_PROTO: something was wrong with a frame. */
const WRONG_FRAME = -505;
/**
 * Megabytes, as good as none: Node 26 never takes off its count what a cancelled stream has left unsent, and resets every
 * stream once it is full. What there is, is bounded by the number of streams, by windows, and by when a stream asks to wait.
 */
export const SESSION_MEMORY = 1e6;
/** nghttp2 counts resets of its own; ours know which of them are a flood. */
const ANY = 2 ** 31;

/**
 * To Node a stream is open until it has told of its end. While it is behind, it rejects those that a client opens in the
 * place of others that it has reset: so many in a row, without one that is taken, are ten seconds of a thousand a second.
 */
const MOST_REJECTED = 10_000;

/** Hears what goes wrong with a session. */
interface SessionEvents {
  /**
   * nghttp2 found a frame wrong: either it has reset one stream and all is well, or it has said GOAWAY and reads no
   * more. Node does not ask which, and would destroy the session.
   */
  onDoubt(): void;
  /** The session is about to be destroyed, after so many streams. */
  onFailed(error: Error, streams: number): void;
}

/** Takes over `socket`. */
export function openSession(
  socket: Socket,
  settings: StreamSettings,
  events: SessionEvents,
): ServerHttp2Session {
  const http2 = process.getBuiltinModule("node:http2");
  const session = http2.performServerHandshake(socket, optionsOf(settings));
  // A client that sends no more is gone, as with HTTP/1.1; the session would not hear of it.
  socket.on("end", () => socket.destroySoon());
  const { destroy } = session;
  session.destroy = (error, code) => {
    const failed = error instanceof Error && !session.destroyed;
    if (failed && "errno" in error && error.errno === WRONG_FRAME) return events.onDoubt();
    // A client's streams have odd numbers.
    if (failed) events.onFailed(error, Math.ceil((session.state.lastProcStreamID ?? 0) / 2));
    destroy.call(session, error, code);
  };
  session.setLocalWindowSize(settings.http2.connectionWindow);
  return session;
}

function optionsOf({
  http2,
  limits,
}: StreamSettings): Parameters<typeof performServerHandshake>[1] {
  return {
    settings: {
      enablePush: false,
      enableConnectProtocol: http2.extendedConnect,
      initialWindowSize: http2.streamWindow,
      maxConcurrentStreams: http2.streams,
      // As RFC 9113 6.5.2 counts: 32 for each line.
      maxHeaderListSize: limits.headerBytes + 32 * limits.headers,
    },
    // What is a little too much is refused by us, with a status.
    maxHeaderListPairs: 2 * limits.headers,
    maxSessionMemory: SESSION_MEMORY,
    maxSessionInvalidFrames: http2.prematureResets,
    maxSessionRejectedStreams: MOST_REJECTED,
    streamResetBurst: ANY,
    streamResetRate: ANY,
    strictSingleValueFields: false,
  };
}
