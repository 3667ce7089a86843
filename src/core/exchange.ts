// One request and its response, whatever protocol the client speaks. Codecs make exchanges, the
// path answers them.
import type { Fields } from "./fields.ts";
import type { Reason } from "./refusal.ts";

/** How the end of a body is known. */
export type Framing =
  | { readonly kind: "none" }
  | { readonly kind: "length"; readonly bytes: number }
  | { readonly kind: "chunked" }
  /** It ends when the connection does; responses only. */
  | { readonly kind: "close" };

/** Why a message is refused, found while it was read. */
export interface Malformed {
  readonly reason: Reason;
  readonly status: number;
  /** What was wrong, for people: the access log has it, the client does not. */
  readonly detail: string;
  /** Of which request, as far as it could be read; for the access log as well. */
  readonly of?: Asked;
}

/** A request, as far as it is known what was asked for. */
export interface Asked extends Pick<RequestHead, "method" | "target" | "host"> {
  /** Is it a call of gRPC, and to be answered as one? Undefined where that is not known. */
  readonly grpc?: boolean;
}

export interface RequestHead {
  readonly method: string;
  /** Origin-form, or `*`; never absolute. */
  readonly target: string;
  /** The host in lower case, without its port; empty when HTTP/1.0 named none. */
  readonly host: string;
  /** Host and port as they were sent. */
  readonly authority: string;
  readonly protocol: "HTTP/1.0" | "HTTP/1.1" | "HTTP/2";
  readonly fields: Fields;
  readonly framing: Framing;
  /** Field names, in lower case, that Connection names beside its own options. */
  readonly nominated: readonly string[];
  readonly expectContinue: boolean;
  /** The protocol that the client would upgrade to, in lower case. */
  readonly upgrade: string | undefined;
  /** Did the client say `TE: trailers`? */
  readonly trailers: boolean;
}

export interface ResponseHead {
  readonly status: number;
  readonly phrase: string;
  readonly fields: Fields;
  readonly framing: Framing;
  readonly nominated: readonly string[];
  /** May the connection carry another response after this one? */
  readonly keepAlive: boolean;
  /** The whole body, one character per byte, where it is short and came with the head: no `onBody` then. */
  readonly body: string | undefined;
}

/** A response head on its way to the client. */
export interface ReplyHead {
  readonly status: number;
  readonly phrase: string;
  /** End-to-end field lines, each ended by CRLF. */
  readonly fields: string;
  readonly framing: Framing;
  /** True when the connection cannot be used afterwards, where it carries one request at a time. */
  readonly close: boolean;
  /** Is the client to give up its connection, whatever that carries? */
  readonly elsewhere?: boolean;
}

/** One name in a certificate: its kind as OpenSSL prints it (`DNS`, `URI`, `IP Address`, `email`, …), and the name. */
export interface San {
  readonly kind: string;
  readonly name: string;
}

/** The other side of a connection. */
export interface Peer {
  /** An IP address; empty for unix sockets. */
  readonly address: string;
  /** Are its X-Forwarded-*, criticality and deadline fields believed? */
  readonly trusted: boolean;
  /** Does it speak TLS? */
  readonly secure?: boolean;
  /** The names in its certificate, where that was asked for and is good. */
  readonly sans?: readonly San[];
  /** What was said of it last, for which authority: most clients only ever name one. */
  introduced?: { readonly authority: string; readonly text: string };
  /** The hash of its address, once somebody has asked. */
  caller?: number;
}

/** Takes a body piece by piece. */
export interface BodySink {
  /** Takes bytes that may change once it has returned; false asks to hold back until told to go on. */
  write(view: Buffer): boolean;
  /** The body is whole; `trailers` are field lines, each ended by CRLF. */
  end(trailers: string): void;
}

/**
 * Carries one request to an endpoint and its response back: a connection of HTTP/1.1 for as long as that takes,
 * or a stream of HTTP/2. The request head goes by `send`, a body by `write` and `end`.
 */
export interface Carrier extends BodySink {
  /**
   * May the endpoint have been closing its connection already when the request came? With HTTP/2 known better
   * once it is refused: then by whether a GOAWAY said so.
   */
  readonly reused: boolean;
  /** Does the request wait for the endpoint: for the connection, or for it to take more of the body? */
  readonly waits: boolean;
  /** When the whole of the request body was here to be sent: `Clock.now()`, to the tick; -Infinity before. */
  readonly bodySentAt: number;
  /**
   * Sends a request head, which is HTTP/1.1's. `chunked` says whether the length of the body is unknown; it is
   * undefined where there is no body.
   */
  send(
    head: string,
    method: string,
    chunked: boolean | undefined,
    receiver: ResponseReceiver,
  ): void;
  /** Stops reading the response. */
  pause(): void;
  resume(): void;
  /** Cuts a response body of which nothing arrives for so long, in milliseconds; 0 for never. */
  limitIdle(bodyIdle: number): void;
  /** Gives the request up at once; the receiver hears nothing more. */
  destroy(): void;
}

/** Takes a response from an endpoint, in this order; `onFailed` may come at any time, and is last. Its `grpcStatus` is
 * what a call of gRPC is told, where the endpoint has said more than that there is no answer. */
export interface ResponseReceiver {
  onInterim(head: ResponseHead): void;
  /** The final head; also 101, after which the body is what the tunnel carries. */
  onHead(head: ResponseHead): void;
  /** The view is valid until the call returns. */
  onBody(view: Buffer): void;
  onBodyEnd(trailers: Fields | undefined): void;
  onFailed(how: AttemptFailure, detail: string, grpcStatus?: number): void;
  /** More of the request body is taken again. */
  onRequestDrain(): void;
}

/**
 * How a request on a connection to an endpoint fails; `truncated` after the head, the others before.
 * `refused`: it was never processed; `cancelled`: by a bug of ours.
 */
export type AttemptFailure =
  | "unreachable"
  | "refused"
  | "reset"
  | "cut"
  | "malformed"
  | "cancelled"
  | "truncated";

/** What an exchange tells whoever answers it. */
export interface ExchangeListener {
  /** The client is gone, or what it sends is malformed: no answer is wanted any more. */
  onGone(): void;
  /** The deadline passed; `now` is `Clock.now()`, to the tick. */
  onDeadline(now: number): void;
  /** More of the response body is taken again. */
  onResponseDrain(): void;
  /** The body has been held back for so long that whoever does not take it must be stuck. */
  onBodyBlocked(): void;
}

export interface Exchange {
  readonly request: RequestHead;
  readonly peer: Peer;
  /** `Clock.now()` when the head was complete. */
  readonly startedAt: number;
  readonly gone: boolean;
  /** What is wrong with the body, once that is known. */
  readonly wrong: Malformed | undefined;
  /** Has the whole request body arrived? */
  readonly bodyWhole: boolean;
  /** Could the body be sent once more from its beginning? */
  readonly bodyKept: boolean;
  readonly bytesIn: number;
  readonly bytesOut: number;
  /** Has a final response begun? */
  readonly answered: boolean;
  listener: ExchangeListener | undefined;
  /** Asks for `listener.onDeadline()` at `at`, in `Clock.now()` milliseconds; Infinity for never. */
  deadline(at: number): void;

  /** Sends the body to `sink` from its beginning; true when all of it went at once. */
  sendBody(sink: BodySink): boolean;
  /** Stops sending the body. */
  dropBody(): void;
  /** Goes on after `sink.write` returned false. */
  resumeBody(): void;
  /** Asks the client for its body, where it waits for `100 Continue` and has not been asked. */
  askForBody(): void;

  /** Sends a 1xx response. Nothing is sent to an HTTP/1.0 client. */
  interim(status: number, phrase: string, fields: string): void;
  /** Sends a whole response; `body` is text of one byte per character. */
  respond(reply: ReplyHead, body: string, trailers: string): void;
  /**
   * Begins a response: `first`, one character per byte, is what is there of its body; more follows by
   * `write` and `end`.
   */
  begin(reply: ReplyHead, first: string): boolean;
  /** Takes bytes that may change once it has returned; false asks to hold back until `onResponseDrain`. */
  write(view: Buffer): boolean;
  end(trailers: string): void;
  /** Ends a response that cannot be completed so that the client can tell. */
  truncate(): void;
  /**
   * Whoever answered is done and has given back what the answer took: now, and not before, the next request
   * of the connection may begin. Where nothing was sent, the client is cut.
   */
  settled(): void;
  /** Switches to a tunnel: a 101 goes out, then bytes flow both ways until either side ends. */
  tunnel(reply: ReplyHead, protocol: string, sink: BodySink): void;
}
